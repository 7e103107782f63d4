"""LDIF (RFC 2849) to entries: folded lines, base64, comments, and the signs that an export was cut short."""

from __future__ import annotations

import re
from base64 import b64decode
from binascii import Error as Base64Error
from collections.abc import Collection, Iterator
from typing import NamedTuple

from syncd.errors import ConfigError
from syncd.text.text_file import LONGEST_LINE, TextFile

_Line = tuple[int, str]
_BEGIN = "# extended LDIF"
_LONGEST_VALUE = 16 * LONGEST_LINE
_RANGE = re.compile(r"(.+);range=\d+-(\d+|\*)")


class Entry(NamedTuple):
    """One entry: the line it begins on, and of its values those asked for, by lower-case attribute name."""

    line: int
    dn: str
    values: dict[str, list[bytes]]


class LdifEntries:
    """The entries of one LDIF file, as `ldapsearch`, `slapcat` and `ldifde -f` write them."""

    def __init__(self, file: TextFile) -> None:
        self._file = file

    def read(self, attributes: Collection[str]) -> Iterator[Entry]:
        """Every entry, with these attributes. Raises `Incomplete` where the file is broken or cut off."""
        ended = True
        for block in self._blocks():
            line, first = block[0]
            if first.startswith("#"):  # alone in its block: how ldapsearch begins without -L
                ended = False
                continue
            name = first.partition(":")[0].lower()
            if name == "dn":
                yield self._entry(block, attributes)
            elif name in ("search", "result"):
                self._require_success(block)
                ended = True
            elif name != "ref":  # a referral: the account that exported does not follow it, nor do we
                raise self._file.cut_off(line, f"an entry begins with dn:, not with {first[:40]!r}")
        if not ended:
            raise self._file.cut_off(line, "ldapsearch did not reach its end: there is no result after this")

    def _entry(self, block: list[_Line], attributes: Collection[str]) -> Entry:
        line, first = block[0]
        entry = Entry(line, self._value(line, first.partition(":")[2]).decode("utf-8", "replace"), {})
        for number, text in block[1:]:
            name, colon, rest = text.partition(":")
            name = name.lower()
            if ";" in name:
                name = self._without_options(number, name, attributes)
            if not colon:
                raise self._file.cut_off(number, f"neither an attribute nor a continued line: {text[:40]!r}")
            if rest.startswith("<"):
                raise self._refused(number, f"{name} refers to another file ({rest[1:].strip()[:80]})")
            if name in attributes:
                entry.values.setdefault(name, []).append(self._value(number, rest))
            elif name in ("changetype", "control"):
                self._require_content(number, name, rest.strip())
        return entry

    def _value(self, line: int, rest: str) -> bytes:
        """What stands after the first colon, decoded."""
        if not rest.startswith(":"):
            return rest.lstrip(" ").encode("utf-8", "surrogatepass")
        try:
            return b64decode(rest[1:].strip(), validate=True)
        except Base64Error as exc:
            raise self._file.cut_off(line, f"not base64: {exc}") from exc

    def _without_options(self, line: int, name: str, attributes: Collection[str]) -> str:
        """The name without ";binary" and ";range=0-*"; other options make it another attribute.

        Active Directory hands long lists out in parts; an export with one part only is no truth.
        """
        found = _RANGE.fullmatch(name)
        if found and found[2] != "*" and found[1] in attributes:
            raise self._file.cut_off(line, f"only the first part of {found[1]} was exported ({name})")
        return found[1] if found else name.removesuffix(";binary")

    def _require_content(self, line: int, name: str, value: str) -> None:
        if (name, value.lower()) != ("changetype", "add"):  # ldifde writes `changetype: add` on every entry
            raise self._refused(line, f"{name}: {value} is a change, not a person")

    def _refused(self, line: int, what: str) -> ConfigError:
        return ConfigError(
            f"{self._file.at(line)}: {what}",
            next_step="export the people themselves: ldapsearch, slapcat, or ldifde -f people.ldf",
        )

    def _require_success(self, block: list[_Line]) -> None:
        """The end of `ldapsearch` says how it ended: "result: 4 Size limit exceeded" is half a company."""
        for line, text in block:
            name, _, value = text.partition(":")
            if name == "result" and value.split()[:1] != ["0"]:
                raise self._file.cut_off(
                    line, f"the search that wrote this file ended with {value.strip()!r}"
                )

    def _blocks(self) -> Iterator[list[_Line]]:
        """Lines between blank ones, unfolded; "# extended LDIF" is a block of its own, other comments go."""
        block: list[_Line] = []
        folded: list[str] = []
        for number, line in enumerate(self._file.lines(), 1):
            if len(line) >= LONGEST_LINE or len(folded) * 70 > _LONGEST_VALUE:
                raise self._refused(number, f"a line of more than {LONGEST_LINE:,} characters")
            if line[0] == " " and block:
                folded.append(line[1:].rstrip("\r\n"))
                continue
            if folded:
                _unfold(block, folded)
            text = line.rstrip("\r\n")
            if text:
                block.append((number, text))
            elif block:
                yield from _told_apart(block)
                block = []
        if folded:
            _unfold(block, folded)
        yield from _told_apart(block)


def _unfold(block: list[_Line], folded: list[str]) -> None:
    """Put the continuations (each began with a space) back to the last line."""
    number, text = block[-1]
    block[-1] = (number, text + "".join(folded))
    folded.clear()


def _told_apart(block: list[_Line]) -> Iterator[list[_Line]]:
    """The block without comments and version line; before it, the comment that ldapsearch begins with."""
    if block and block[0][1][0] in "#vV":
        begin = [(number, text) for number, text in block if text.startswith(_BEGIN)]
        if begin:
            yield begin
    kept = [line for line in block if line[1][0] != "#"]
    if kept and kept[0][1].lower().startswith("version:"):
        del kept[0]
    if kept:
        yield kept
