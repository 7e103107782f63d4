"""Values as real domains give them, and what they mean."""

from __future__ import annotations

import pytest

from connectors.directories.ad_values import AccountStatus, account_status, guid_text, sid_text

_NOW = 1_760_000_000  # 2025-10-09 08:53:20 UTC
_ENABLED = AccountStatus(enabled=True, because="", changes_at=None)


def _filetime(time: int) -> int:
    return (time + 11_644_473_600) * 10_000_000


def test_a_guid_is_written_as_windows_writes_it() -> None:
    stored = bytes.fromhex("ff19966f868b11d0b42d00c04fc964ff")
    assert guid_text(stored) == "6f9619ff-8b86-d011-b42d-00c04fc964ff"


def test_a_guid_of_another_length_is_none() -> None:
    with pytest.raises(ValueError, match="16"):
        guid_text(b"short")


def test_a_sid_is_written_as_windows_writes_it() -> None:
    stored = bytes.fromhex("010500000000000515000000a065cf7e784b9b5fe77c8770091c0100")
    assert sid_text(stored) == "S-1-5-21-2127521184-1604012920-1887927527-72713"
    assert sid_text(bytes.fromhex("010100000000000512000000")) == "S-1-5-18"


@pytest.mark.parametrize("value", [b"", b"\x01\x05\x00\x00\x00\x00\x00\x05\x15\x00\x00\x00"])
def test_a_sid_cut_short_is_none(value: bytes) -> None:
    with pytest.raises(ValueError, match="SID"):
        sid_text(value)


@pytest.mark.parametrize("uac", [None, 512, 66_048, 512 | 0x10])
@pytest.mark.parametrize("expires", [None, 0, 0x7FFF_FFFF_FFFF_FFFF])
def test_an_account_is_enabled_even_when_locked_out(uac: int | None, expires: int | None) -> None:
    assert account_status(uac, expires, _NOW) == _ENABLED


@pytest.mark.parametrize("uac", [514, 66_050, 0x2])
def test_the_disabled_flag_disables(uac: int) -> None:
    status = account_status(uac, _filetime(_NOW + 1), _NOW)
    assert status == AccountStatus(enabled=False, because="the account is disabled", changes_at=None)


def test_an_account_expires_at_its_second() -> None:
    end = _filetime(_NOW)
    assert account_status(512, end, _NOW - 1) == AccountStatus(enabled=True, because="", changes_at=_NOW)
    expired = account_status(512, end, _NOW)
    assert expired == AccountStatus(
        enabled=False, because="the account expired on 2025-10-09", changes_at=None
    )


def test_an_expiry_before_1970_is_long_ago() -> None:
    assert account_status(512, 1, _NOW).because == "the account expired on 1601-01-01"


def test_an_expiry_no_calendar_reaches_is_still_an_expiry() -> None:
    assert account_status(512, -(2**63), _NOW).because == "the account expired"
