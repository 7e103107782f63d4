"""Wording: kinds and numbers as an admin reads them."""

from __future__ import annotations

from collections.abc import Mapping

from syncd.model import Kind

KINDS: Mapping[Kind, tuple[str, str]] = {
    Kind.SUSPEND: ("suspend", "the account is suspended, nothing is deleted"),
    Kind.EXPIRE: ("expire", "the license has ended: no log-in until it is renewed"),
    Kind.RELEASE: ("release", "their license is free for somebody else"),
    Kind.DELETE: ("delete", "gone for good, training history and all: personal data are removed"),
    Kind.LINK: ("link", "is somebody syncd knows already"),
    Kind.UPDATE: ("update", "profile fields have changed"),
    Kind.REPAIR: ("repair", "differs on the platform, which is told again"),
    Kind.REACTIVATE: ("reactivate", "may use their account again"),
    Kind.RENEW: ("renew", "gets the license that follows the one that ends"),
    Kind.CREATE: ("create", "gets an account and a license"),
    Kind.JOIN: ("join", "the same person in a second directory"),
    Kind.ALLOCATE: ("allocate", "has an account and gets a license"),
    Kind.WAIT: ("wait", "no license is free; they get the next one"),
    Kind.MERGE: ("merge", "the same human as another learner, whose part they become"),
    Kind.NOTE: ("note", "nothing changes for them; syncd remembers what the directory says"),
    Kind.SKIP: ("skip", "left as they are, for the reason named"),
}


def many(number: int, one: str, more: str = "") -> str:
    """ "1 person", "1,200 people"."""
    return f"{number:,} {one if number == 1 else more or one + 's'}"


def people(number: int) -> str:
    return many(number, "person", "people")


def verb(number: int, one: str, more: str) -> str:
    """ "12 people wait", "1 person waits"."""
    return f"{people(number)} {one if number == 1 else more}"


def lasted(seconds: int) -> str:
    """How long something took."""
    minutes, rest = divmod(seconds, 60)
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"
