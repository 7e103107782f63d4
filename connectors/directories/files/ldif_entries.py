"""LDIF (RFC 2849) to entries: folded lines, base64, comments, and the signs that an export was cut short."""

from __future__ import annotations

import re
from base64 import b64decode
from binascii import Error as Base64Error
from collections.abc import Collection, Iterator
from typing import NamedTuple

from connectors.directories.files.text_file import LONGEST_LINE, TextFile
from syncd.errors import ConfigError

_Line = tuple[int, str]
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
            if not colon:
                raise self._file.cut_off(number, f"neither an attribute nor a continued line: {text[:40]!r}")
            name = name.lower().removesuffix(";binary")
            if ";range=" in name:
                name = self._whole_range(number, name, attributes)
            if name in ("changetype", "control"):
                self._require_content(number, name, rest.strip())
            elif rest.startswith("<"):
                raise self._refused(number, f"{name} refers to another file ({rest[1:].strip()[:80]})")
            elif name in attributes:
                entry.values.setdefault(name, []).append(self._value(number, rest))
        return entry

    def _value(self, line: int, rest: str) -> bytes:
        """What stands after the first colon, decoded."""
        if not rest.startswith(":"):
            return rest.lstrip(" ").encode("utf-8", "surrogatepass")
        try:
            return b64decode(rest[1:].strip(), validate=True)
        except Base64Error as exc:
            raise self._file.cut_off(line, f"not base64: {exc}") from exc

    def _whole_range(self, line: int, name: str, attributes: Collection[str]) -> str:
        """Active Directory hands long lists out in parts; an export with one part only is no truth."""
        found = _RANGE.fullmatch(name)
        if not found:
            return name
        if found[2] != "*" and found[1] in attributes:
            raise self._file.cut_off(line, f"only the first part of {found[1]} was exported ({name})")
        return found[1]

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
        """Lines between blank ones, without comments and version; "# extended LDIF" is a block of its own."""
        block: list[_Line] = []
        for line, text in self._unfolded():
            if text.startswith("# extended LDIF"):
                yield [(line, text)]
            elif not text.strip():
                if block:
                    yield block
                block = []
            elif not text.startswith("#") and not (not block and text.lower().startswith("version:")):
                block.append((line, text))
        if block:
            yield block

    def _unfolded(self) -> Iterator[_Line]:
        """Lines with their continuations (each begins with a space) put back."""
        parts: list[str] = []
        begun = 1
        for number, line in enumerate(self._file.lines(), 1):
            if len(line) >= LONGEST_LINE:
                raise self._refused(number, f"a line of more than {LONGEST_LINE:,} characters")
            if line.startswith(" ") and parts:
                parts.append(line[1:].rstrip("\r\n"))
                if len(parts) * len(parts[1]) > _LONGEST_VALUE:
                    raise self._refused(begun, f"a value of more than {_LONGEST_VALUE:,} characters")
                continue
            if parts:
                yield begun, "".join(parts)
            parts, begun = [line.rstrip("\r\n")], number
        if parts:
            yield begun, "".join(parts)
