"""Accounts on a platform of its own: the register keeps them as `name of the platform/account there`."""

from __future__ import annotations


def kept(platform: str, account: str) -> str:
    return f"{platform}/{account}"


def account_on(platform: str, known: str) -> str:
    """The account that `known`, as it is kept, is on this platform; empty where another one gave it."""
    here = kept(platform, "")
    return known.removeprefix(here) if known.startswith(here) else ""
