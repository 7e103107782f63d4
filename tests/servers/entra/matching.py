"""$filter and $orderby over directory objects: parsed, checked against what Graph can do, then applied.

expression   term and term, term or term, not term, (expression)
term         name eq|ne|ge|le literal · name in (literal, …) · startsWith(name, 'x') · endsWith(name, 'x')
             name/any(x: term about x) · name/$count eq 0
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple

from tests.servers.entra.entry import Entry
from tests.servers.entra.faults import GraphError, bad_query, denied, unsupported
from tests.servers.entra.filterable import ENDS_WITH, SORTABLE, operators_of
from tests.servers.entra.properties import DIRECTORY_EXTENSION, Resource

Matcher = Callable[[Entry], bool]
_TOKEN = re.compile(
    r"\s*(?:(?P<text>'(?:[^']|'')*')|(?P<mark>[(),:])|(?P<word>[^\s(),:']+(?::\d\d[^\s(),']*)*))"
)
_DATE = re.compile(r"\d{4}-\d\d-\d\d.*")
_COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "eq": lambda left, right: left == right,
    "ge": lambda left, right: left is not None and left >= right,
    "le": lambda left, right: left is not None and left <= right,
    "startswith": lambda left, right: left is not None and left.startswith(right),
    "endswith": lambda left, right: left is not None and left.endswith(right),
}


class Token(NamedTuple):
    kind: str
    text: str
    at: int


def parse_filter(
    text: str, resource: Resource, *, advanced: bool, readable: frozenset[str] | None = None
) -> Matcher:
    """Raises what Graph answers for a filter it cannot read, or cannot do without advanced parameters.

    `readable`: all the properties the token may see, if it may not see all.
    """
    return _Parser(text, resource, advanced, readable).parse()


def order(entries: Iterable[Entry], text: str, resource: Resource, *, advanced: bool) -> list[Entry]:
    """Sorted as asked for. Objects that compare alike stay in the order of their numbers."""
    found = list(entries)
    for clause in reversed(text.split(",")):
        name, _, direction = clause.strip().partition(" ")
        support = SORTABLE.get(resource.name, {}).get(name)
        if support is None or (support == "advanced" and not advanced):
            raise unsupported("Sorting not supported for current query.")
        found.sort(key=_sort_key(name), reverse=direction.strip().lower() == "desc")
    return found


def _sort_key(name: str) -> Callable[[Entry], str]:
    return lambda entry: str(entry.values.get(name) or "").casefold()


class _Parser:
    def __init__(
        self, text: str, resource: Resource, advanced: bool, readable: frozenset[str] | None
    ) -> None:
        self._text = text
        self._readable = readable
        self._resource = resource
        self._advanced = advanced
        self._tokens = self._split()
        self._place = 0

    def parse(self) -> Matcher:
        matcher = self._or()
        if self._peek() is not None:
            raise self._syntax_error()
        return matcher

    def _or(self) -> Matcher:
        parts = [self._and()]
        while self._took("or"):
            parts.append(self._and())
        return parts[0] if len(parts) == 1 else lambda entry: any(part(entry) for part in parts)

    def _and(self) -> Matcher:
        parts = [self._term()]
        while self._took("and"):
            parts.append(self._term())
        return parts[0] if len(parts) == 1 else lambda entry: all(part(entry) for part in parts)

    def _term(self) -> Matcher:
        if self._took("not"):
            self._need_advanced("not")
            inner = self._term()
            return lambda entry: not inner(entry)
        if self._took("("):
            inner = self._or()
            self._expect(")")
            return inner
        word = self._next("word")
        if word.lower() in ("startswith", "endswith"):
            return self._function(word)
        if word.lower().endswith("/any"):
            return self._any(word[:-4])
        return self._comparison(word)

    def _function(self, word: str) -> Matcher:
        self._expect("(")
        name = self._next("word")
        self._expect(",")
        value = self._literal()
        self._expect(")")
        if word.lower() == "endswith":
            self._need_advanced("endsWith")
        return self._matcher(name, word.lower(), value)

    def _any(self, name: str) -> Matcher:
        """name/any(x: x eq 'y'), and x/property for lists of objects."""
        self._expect("(")
        variable = self._next("word")
        self._expect(":")
        first = self._next("word")
        if first.lower() in ("startswith", "endswith"):
            operator = first.lower()
            self._expect("(")
            subject = self._next("word")
            self._expect(",")
            value = self._literal()
            self._expect(")")
        else:
            subject, operator, value = first, self._next("word").lower(), self._literal()
        self._expect(")")
        if subject.partition("/")[0] != variable:
            raise self._syntax_error()
        self._check(name, operator, value)
        field, compare = subject.partition("/")[2], self._compare(operator)

        def matches(entry: Entry) -> bool:
            items = entry.values.get(name) or ()
            return any(compare(_fold(item.get(field) if field else item), value) for item in items)

        return matches

    def _comparison(self, name: str) -> Matcher:
        operator = self._next("word").lower()
        if operator == "in":
            self._expect("(")
            values = [self._literal()]
            while self._took(","):
                values.append(self._literal())
            self._expect(")")
            self._check(name, "in", values)
            return lambda entry: _fold(_value(entry, name)) in values
        if operator not in ("eq", "ne", "ge", "le", "gt", "lt"):
            self._place -= 1
            raise self._syntax_error()
        value = self._literal()
        if name.endswith("/$count"):
            self._need_advanced("$count")
            return lambda entry: (len(entry.values.get(name[:-7]) or ()) == value) == (operator == "eq")
        if operator == "ne":
            self._need_advanced("ne")
            inner = self._matcher(name, "eq", value)
            return lambda entry: not inner(entry)
        return self._matcher(name, operator, value)

    def _matcher(self, name: str, operator: str, value: Any) -> Matcher:
        self._check(name, operator, value)
        compare = self._compare(operator)
        return lambda entry: compare(_fold(_value(entry, name)), value)

    def _compare(self, operator: str) -> Callable[[Any, Any], bool]:
        if operator not in _COMPARE:
            raise unsupported(f"Filter operator '{operator}' is not supported.")
        return _COMPARE[operator]

    def _check(self, path: str, operator: str, value: Any) -> None:
        """Refuse what Graph has no index for."""
        name = path.partition("/")[0]
        if not self._resource.has(name) and not DIRECTORY_EXTENSION.fullmatch(name):
            raise bad_query(
                f"Could not find a property named '{name}' on type 'microsoft.graph.{self._resource.name}'."
            )
        if self._readable is not None and name not in self._readable:
            raise denied()
        if operator != "in":
            self._compare(operator)
        if operator == "endswith":
            if name not in ENDS_WITH:
                raise self._no_index(name)
            return
        able = operators_of(name, self._resource)
        wanted = {operator, "null"} if value is None else {operator}
        if wanted <= able.default:
            return
        if not (self._advanced and wanted <= able.default | able.advanced):
            raise self._no_index(name)

    def _no_index(self, name: str) -> GraphError:
        return unsupported(
            f"Unsupported or invalid query filter clause specified for property '{name}' of resource "
            f"'{self._resource.label}'."
        )

    def _need_advanced(self, operator: str) -> None:
        if not self._advanced:
            raise unsupported(
                f"Operator '{operator}' is not supported because the required parameters might be missing. "
                "Try adding $count=true query parameter and ConsistencyLevel:eventual header. Refer to "
                "https://aka.ms/graph-docs/advanced-queries for more information"
            )

    # -- reading -----------------------------------------------------------------------------------------

    def _literal(self) -> Any:
        token = self._peek()
        if token is None or token.kind == "mark":
            raise self._syntax_error()
        self._place += 1
        if token.kind == "text":
            return token.text[1:-1].replace("''", "'").casefold()
        word = token.text.lower()
        constants = {"true": True, "false": False, "null": None}
        if word in constants:
            return constants[word]
        if word.isdigit():
            return int(word)
        if _DATE.fullmatch(word) or len(word) == 36:  # a date, or an id without quotes
            return word
        raise bad_query(f"Invalid filter clause: Syntax error at position {token.at} in '{self._text}'.")

    def _split(self) -> Sequence[Token]:
        tokens, at, text = [], 0, self._text.rstrip()
        while at < len(text):
            match = _TOKEN.match(text, at)
            if match is None or match.lastgroup is None:
                raise bad_query(
                    f"There is an unterminated string literal at position {len(text)} in '{self._text}'."
                )
            tokens.append(Token(match.lastgroup, match[match.lastgroup], match.start(match.lastgroup)))
            at = match.end()
        return tokens

    def _peek(self) -> Token | None:
        return self._tokens[self._place] if self._place < len(self._tokens) else None

    def _took(self, text: str) -> bool:
        token = self._peek()
        if token is None or token.kind == "text" or token.text.lower() != text:
            return False
        self._place += 1
        return True

    def _expect(self, text: str) -> None:
        if not self._took(text):
            raise self._syntax_error()

    def _next(self, kind: str) -> str:
        token = self._peek()
        if token is None or token.kind != kind:
            raise self._syntax_error()
        self._place += 1
        return token.text

    def _syntax_error(self) -> GraphError:
        token = self._peek()
        at = token.at if token else len(self._text)
        return bad_query(f"Invalid filter clause: Syntax error at position {at} in '{self._text}'.")


def _value(entry: Entry, path: str) -> Any:
    name, _, field = path.partition("/")
    value = entry.values.get(name)
    return (value or {}).get(field) if field else value


def _fold(value: Any) -> Any:
    """Text compares without regard to case, and so does the directory."""
    return value.casefold() if isinstance(value, str) else value
