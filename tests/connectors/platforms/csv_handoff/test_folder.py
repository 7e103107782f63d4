"""The folder in bad weather: a file is there whole and once, or not at all, and nobody is lost."""

from __future__ import annotations

import os
import stat
import subprocess
from pathlib import Path

import pytest

from connectors.platforms.csv_handoff.face import CsvHandoff
from connectors.platforms.csv_handoff.options import CsvOptions
from syncd.errors import Unavailable
from syncd.model import Kind, Verdict
from syncd.ports import Answered
from tests.connectors.platforms.csv_import import Site
from tests.contracts.platform import delivery
from tests.heard import Heard
from tests.nobody import nobody_special

A_LOT = 2500


def test_names_sort_by_time_also_when_the_clock_is_set_back(site: Site) -> None:
    for number, later in enumerate((0, 0, 60, -3600)):
        site.now += later
        site.send(delivery(number))
    assert site.column("add", "First name") == ["First0", "First1", "First2", "First3"]
    assert [name[:21] for name in site.names()] == [
        "2026-11-29T120000Z-00",
        "2026-11-29T120000Z-00",
        "2026-11-29T120100Z-00",
        "2026-11-29T120100Z-00",
    ]


def test_a_thousand_files_in_a_second_keep_their_order(site: Site) -> None:
    (site.folder / "2026-11-29T120000Z-999-add-00000000.csv").touch()
    site.send(delivery(1))
    assert site.names()[-1].startswith("2026-11-29T120001Z-001-add-")


def test_what_comes_again_after_a_crash_is_recognised(site: Site) -> None:
    """The file was there, and syncd died before the register knew."""
    first = site.send(delivery(1), delivery(2))
    site.now += 600
    again = site.send(delivery(1), delivery(2))
    assert [outcome.verdict for outcome in again] == [Verdict.ALREADY] * 2
    assert [(one.account, one.reason) for one in again] == [(one.account, one.reason) for one in first]
    assert len(site.names()) == 1


def test_a_crash_in_a_large_run_is_recognised_though_it_comes_again_in_other_portions(site: Site) -> None:
    crowd = [delivery(number, id=str(number)) for number in range(2000)]
    site.send(*crowd)
    assert set(site.verdicts(*crowd[:1000]) + site.verdicts(*crowd[1000:])) == {Verdict.ALREADY}
    assert site.titles() == ["add", "add"]


def test_what_was_picked_up_comes_again_under_a_name_that_says_so(site: Site) -> None:
    site.send(delivery(1))
    (first,) = site.names()
    (site.folder / first).unlink()
    site.now += 600
    assert site.verdicts(delivery(1)) == [Verdict.DONE]
    (second,) = site.names()
    assert (second != first, second[-12:]) == (True, first[-12:])


def test_the_same_words_about_another_change_are_another_file(site: Site) -> None:
    """Suspended, back, and suspended again: the last file must come last."""
    there = {"account": "learner1@example.com"}
    for number, kind in enumerate((Kind.SUSPEND, Kind.REACTIVATE, Kind.SUSPEND)):
        site.send(delivery(1, kind, id=str(number), active=kind is Kind.REACTIVATE, **there))
    assert site.titles() == ["suspend", "resume", "suspend"]


def test_a_file_that_was_tampered_with_is_no_hand_off_of_ours(site: Site) -> None:
    site.send(delivery(1))
    (name,) = site.names()
    (site.folder / name).write_text("half")
    assert site.verdicts(delivery(1)) == [Verdict.DONE]
    assert (site.folder / name).read_text() == "half"
    assert len(site.names()) == 2


@pytest.mark.parametrize(("readable_by", "mode"), [("owner", 0o600), ("group", 0o640)])
def test_nobody_reads_it_who_need_not(site: Site, readable_by: str, mode: int) -> None:
    site.options = {"readable_by": readable_by, "summary": True}
    before = os.umask(0o077)
    try:
        site.send(delivery(1))
    finally:
        os.umask(before)
    assert {stat.S_IMODE(path.stat().st_mode) for path in site.folder.iterdir()} == {mode}


def test_what_a_dead_process_left_half_written_is_cleared_away_and_nothing_else(site: Site) -> None:
    others = [".syncd-note", ".other-add.part", "people.csv"]
    for name in [".syncd-add-00000000.csv.part", *others]:
        (site.folder / name).write_text("half a fi")
    site.send(delivery(1))
    assert sorted(others) == [name for name in site.names() if not name.startswith("2026")]


def test_a_full_disk_leaves_nothing_and_loses_nobody(site: Site, small_disk: Path) -> None:
    site.folder = small_disk
    ballast = small_disk / "ballast"
    with ballast.open("wb") as file:
        os.posix_fallocate(file.fileno(), 0, _free(small_disk) - 8192)
    people = [delivery(number) for number in range(A_LOT)]
    suspend = delivery(A_LOT, Kind.SUSPEND, account="x@example.com", active=False)
    with pytest.raises(Unavailable, match="has no room left") as caught:
        site.send(suspend, *people)
    assert caught.value.next_step == "make room; what was not handed off is, by the next run"
    assert site.names() == ["ballast"]
    ballast.unlink()
    assert set(site.verdicts(suspend, *people)) == {Verdict.DONE}
    assert site.titles() == ["suspend", "add", "add", "add"]
    assert len(site.rows("add")) == A_LOT


def test_a_disk_that_is_full_is_told_by_check(site: Site, small_disk: Path) -> None:
    site.folder = small_disk
    with (small_disk / "ballast").open("wb") as file:
        os.posix_fallocate(file.fileno(), 0, _free(small_disk) - (2 << 20))
    assert [(one.message, one.next_step) for one in site.platform.check() if not one.ok] == [
        ("2 MB are left there", "make room")
    ]


def test_a_read_only_folder_is_told_in_words(site: Site, small_disk: Path) -> None:
    site.folder = small_disk
    subprocess.run(["mount", "-o", "remount,ro", small_disk], check=True)
    _says(site, "is read-only", "mount it for writing; for a service of systemd: ReadWritePaths=")


def test_a_folder_without_the_right_to_write_is_told_in_words(site: Site) -> None:
    site.folder.chmod(0o555)
    with nobody_special(site.folder):
        _says(site, "may not be written", "give the user running syncd the right to write there")


def test_a_folder_that_is_none_is_told_in_words(site: Site) -> None:
    site.folder.rmdir()
    _says(site, "does not exist", "create it, mount it, or correct platform.folder")
    site.folder.touch()
    _says(site, "is not a folder", "correct platform.folder")


def test_what_is_on_the_disk_is_done_and_the_rest_is_not(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """The second of two files cannot get its name."""
    rename = Path.rename

    def fail(self: Path, target: Path) -> Path:
        if "-add-" in target.name:
            raise OSError(5, "Input/output error")
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", fail)
    answers = site.platform.deliver([delivery(1), delivery(2, Kind.SUSPEND, account="x@y.z", active=False)])
    assert next(answers).delivery == "d2"
    with pytest.raises(Unavailable, match="cannot be used: Input/output error"):
        next(answers)
    assert (site.titles(), len(site.names())) == (["suspend"], 1)


def test_a_name_that_may_not_be_on_the_disk_is_not_done(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """The folder itself cannot be synced: the same comes again, and is recognised."""
    sync = os.fsync

    def fail(number: int) -> None:
        if stat.S_ISDIR(os.fstat(number).st_mode):
            raise OSError(5, "Input/output error")
        sync(number)

    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", fail)
        with pytest.raises(Unavailable):
            site.send(delivery(1))
    assert site.verdicts(delivery(1)) == [Verdict.ALREADY]
    assert len(site.names()) == 1


def test_a_summary_that_fails_fails_nothing(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    site.options = {"summary": True}

    def fail(*_: object) -> None:
        raise Unavailable("no room")

    monkeypatch.setattr("connectors.platforms.csv_handoff.folder.Folder.add_note", fail)
    assert site.verdicts(delivery(1)) == [Verdict.DONE]


def test_a_reader_never_sees_half_a_file(site: Site) -> None:
    """Under its own name a file is written to its end, or not there."""
    seen = []
    write = os.fsync

    def look(number: int) -> None:
        seen.append(sorted(site.folder.glob("*.csv")))
        write(number)

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(os, "fsync", look)
        site.send(delivery(1), delivery(2, Kind.SUSPEND, account="x@y.z", active=False))
    assert [len(files) for files in seen] == [0, 0, 1, 2]


def test_it_is_counted_as_a_call(site: Site) -> None:
    heard = Heard()
    platform = CsvHandoff("csv_handoff", CsvOptions(folder=site.folder), calls=heard)
    list(platform.deliver([delivery(1)]))
    site.folder.rename(site.folder.with_name("gone"))
    with pytest.raises(Unavailable):
        list(platform.deliver([delivery(2)]))
    assert heard.calls == [("hand_over", Answered.OK), ("hand_over", Answered.FAILED)]


def test_check_tells_of_files_that_nobody_picks_up(site: Site) -> None:
    assert [one.message for one in site.platform.check()] == [
        f"files can be put into {site.folder}",
        "no file waits there",
    ]
    site.send(delivery(1))
    site.now += 3600
    site.send(delivery(2))
    assert list(site.platform.check())[1].message == "2 files wait there, the oldest for 1h"
    site.now += 3 * 86_400
    *_, late = site.platform.check()
    assert (late.ok, late.message) == (False, "2 files wait there, the oldest for 3d1h")
    assert (
        late.next_step == "import them by order of name and move them away, or see why nobody picks them up"
    )
    site.options = {"picked_up_within": "0"}
    assert all(one.ok for one in site.platform.check())
    assert len(site.names()) == 2, "check leaves nothing"


def _says(site: Site, words: str, next_step: str) -> None:
    with pytest.raises(Unavailable) as caught:
        site.send(delivery(1))
    (found,) = site.platform.check()
    assert (found.ok, found.message, found.next_step) == (False, caught.value.message, caught.value.next_step)
    assert (found.message, found.next_step) == (f"the folder {site.folder} {words}", next_step)


def _free(disk: Path) -> int:
    found = os.statvfs(disk)
    return found.f_bavail * found.f_frsize
