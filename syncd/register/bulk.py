"""Many rows at once, by the quickest road each database has: the driver's executemany, or COPY."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, Text, any_, bindparam, func, literal_column, select
from sqlalchemy.dialects.postgresql import ARRAY

Row = Sequence[Any]


def insert(connection: Connection, table: str, columns: Sequence[str], rows: Sequence[Row]) -> None:
    """Insert `rows` in the open transaction. A row that a constraint refuses fails them all."""
    if not rows:
        return
    names = ", ".join(f'"{column}"' for column in columns)
    if connection.dialect.name == "postgresql":
        _copy(connection, f'COPY "{table}" ({names}) FROM STDIN', rows)
    else:
        connection.exec_driver_sql(f'INSERT INTO "{table}" ({names}) VALUES ({_marks(columns)})', _many(rows))


def execute(connection: Connection, statement: str, rows: Sequence[Row]) -> None:
    """Run `statement`, written with `?` for its parameters, once for each of `rows`."""
    if rows:
        mark = "?" if connection.dialect.name == "sqlite" else "%s"
        connection.exec_driver_sql(statement.replace("?", mark), _many(rows))


def is_any_of(
    connection: Connection, column: ColumnElement[Any], values: Iterable[Any]
) -> ColumnElement[bool]:
    """`column IN values`, for thousands of values as one parameter."""
    chosen = list(values)
    if connection.dialect.name == "postgresql":
        return column == any_(bindparam(None, chosen, ARRAY(column.type)))
    each = func.json_each(bindparam(None, json.dumps(chosen), Text)).table_valued("value")
    return column.in_(select(literal_column("value")).select_from(each))


def _copy(connection: Connection, statement: str, rows: Sequence[Row]) -> None:
    driver: Any = connection.connection.driver_connection
    with driver.cursor() as cursor, cursor.copy(statement) as copy:
        for row in rows:
            copy.write_row(row)


def _marks(columns: Sequence[str]) -> str:
    return ", ".join("?" * len(columns))


def _many(rows: Sequence[Row]) -> Any:
    return rows if isinstance(rows, list) else list(rows)
