"""Many rows at once, by the quickest road each database has: the driver's executemany, or COPY.

The rows go to the driver itself: SQLAlchemy would keep every batch alive until the garbage collector
finds it, and look at each row. What the driver raises leaves here as SQLAlchemy's exceptions all the same.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from itertools import chain
from typing import Any

from sqlalchemy import ARRAY, Boolean, ColumnElement, Connection, Dialect, Text, bindparam
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import TypeDecorator, TypeEngine

Row = Sequence[Any]
_TOGETHER = 100


def insert(connection: Connection, table: str, columns: Sequence[str], rows: Sequence[Row]) -> None:
    """Insert `rows` in the open transaction. A row that a constraint refuses fails them all."""
    names = ", ".join(f'"{column}"' for column in columns)
    if not rows:
        return
    if connection.dialect.name == "postgresql":
        _copy(connection, f'COPY "{table}" ({names}) FROM STDIN', rows)
    else:
        _insert(connection, f'INSERT INTO "{table}" ({names}) VALUES', len(columns), rows)


def execute(connection: Connection, statement: str, rows: Sequence[Row]) -> None:
    """Run `statement`, written with `?` for its parameters, once for each of `rows`."""
    if not rows:
        return
    if connection.dialect.name != "sqlite":
        statement = statement.replace("?", "%s")
    with _driver_errors(connection, statement), closing(connection.connection.cursor()) as cursor:
        cursor.executemany(statement, rows)


def is_any_of(column: ColumnElement[Any], values: Iterable[Any] | str) -> ColumnElement[bool]:
    """`column IN values`, for thousands of values as one parameter; or for those that the parameter of
    this name brings, where the statement is kept."""
    type_ = _Many(column.type)
    if isinstance(values, str):
        return _IsAnyOf(column, bindparam(values, type_=type_))
    return _IsAnyOf(column, bindparam(None, values, type_=type_))


class _Many(TypeDecorator[Iterable[Any]]):
    """Values of one type, all in one parameter: an array, or JSON where there are no arrays."""

    impl = Text
    cache_ok = True

    def __init__(self, of: TypeEngine[Any]) -> None:
        super().__init__()
        self.of = of

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        return dialect.type_descriptor(ARRAY(self.of) if dialect.name == "postgresql" else Text())

    def process_bind_param(self, value: Iterable[Any] | None, dialect: Dialect) -> Any:
        chosen = list(value or ())
        return chosen if dialect.name == "postgresql" else json.dumps(chosen)


class _IsAnyOf(FunctionElement[bool]):
    name = "is_any_of"
    type = Boolean()
    inherit_cache = True

    def self_group(self, against: Any = None) -> Any:  # noqa: ARG002
        """A condition as it stands: SQLite finds no index behind `(…) = 1`."""
        return self


@compiles(_IsAnyOf)
def _in_json(element: _IsAnyOf, compiler: SQLCompiler, **options: Any) -> str:
    column, values = (compiler.process(part, **options) for part in element.clauses)
    return f"({column} IN (SELECT value FROM json_each({values})))"


@compiles(_IsAnyOf, "postgresql")
def _in_array(element: _IsAnyOf, compiler: SQLCompiler, **options: Any) -> str:
    column, values = (compiler.process(part, **options) for part in element.clauses)
    return f"({column} = ANY ({values}))"


def _insert(connection: Connection, statement: str, width: int, rows: Sequence[Row]) -> None:
    """A hundred rows a statement: cheaper for SQLite than one each, and more would not be cheaper."""
    marks = f"({', '.join('?' * width)})"
    with _driver_errors(connection, statement), closing(connection.connection.cursor()) as cursor:
        for start in range(0, len(rows), _TOGETHER):
            part = rows[start : start + _TOGETHER]
            values = ", ".join([marks] * len(part))
            cursor.execute(f"{statement} {values}", [*chain.from_iterable(part)])


def _copy(connection: Connection, statement: str, rows: Sequence[Row]) -> None:
    driver: Any = connection.connection.driver_connection
    with _driver_errors(connection, statement), driver.cursor() as cursor, cursor.copy(statement) as copy:
        for row in rows:
            copy.write_row(row)


@contextmanager
def _driver_errors(connection: Connection, statement: str) -> Iterator[None]:
    driver_error: Any = connection.dialect.loaded_dbapi.Error
    try:
        yield
    except driver_error as exc:
        raise DBAPIError.instance(
            statement, None, exc, driver_error, hide_parameters=True, dialect=connection.dialect
        ) from exc
