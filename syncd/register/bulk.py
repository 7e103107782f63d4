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

from sqlalchemy import ARRAY, ColumnElement, Connection, Text, any_, bindparam, func, literal_column, select
from sqlalchemy.exc import DBAPIError

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


def is_any_of(
    connection: Connection, column: ColumnElement[Any], values: Iterable[Any]
) -> ColumnElement[bool]:
    """`column IN values`, for thousands of values as one parameter."""
    chosen = list(values)
    if connection.dialect.name == "postgresql":
        return column == any_(bindparam(None, chosen, ARRAY(column.type)))
    each = func.json_each(bindparam(None, json.dumps(chosen), Text)).table_valued("value")
    return column.in_(select(literal_column("value")).select_from(each))


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
