"""The rest of a license's life: renewals that are scheduled, people who are deleted, and events.

History is protected by triggers: what has ended, was decided or was written down is never changed.
"""

import json

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")

# table, operation, and when it is refused; NULL-safe on both databases
_REFUSED = (
    ("events", "UPDATE", "TRUE"),
    ("events", "DELETE", "TRUE"),
    ("lots", "UPDATE", "TRUE"),
    ("lots", "DELETE", "TRUE"),
    ("orders", "UPDATE", "OLD.state <> 'requested' OR OLD.type <> NEW.type OR OLD.quantity <> NEW.quantity"),
    ("orders", "DELETE", "TRUE"),
    (
        "allocations",
        "UPDATE",
        "OLD.ended_at IS NOT NULL OR OLD.learner_id <> NEW.learner_id OR OLD.lot_id <> NEW.lot_id"
        " OR OLD.seat <> NEW.seat OR OLD.allocated_at <> NEW.allocated_at"
        " OR coalesce(OLD.starts_at, 0) <> coalesce(NEW.starts_at, 0)"
        " OR coalesce(OLD.renews, 0) <> coalesce(NEW.renews, 0)"
        " OR (OLD.state = 'live' AND NEW.state = 'scheduled')",
    ),
    ("allocations", "DELETE", "TRUE"),
)


_NO_RENEWAL = (
    "NEW.renews IS NOT NULL AND NOT EXISTS (SELECT 1 FROM allocations WHERE id = NEW.renews"
    " AND learner_id = NEW.learner_id AND (NEW.state <> 'scheduled' OR ends_at <= NEW.starts_at))"
)


def upgrade() -> None:
    op.add_column("learners", sa.Column("deleted_at", sa.BigInteger(), nullable=True))
    _allocations()
    op.create_table(
        "events",
        sa.Column("id", _ID, nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("actor", sa.Text(), server_default="", nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("number", _ID, nullable=False),
        sa.Column("before", sa.Text(), server_default="{}", nullable=False),
        sa.Column("after", sa.Text(), server_default="{}", nullable=False),
        sa.Column("run_id", _ID, nullable=True),
        sa.CheckConstraint("subject IN ('order', 'lot', 'learner')", name=op.f("ck_events_subject")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_events")),
    )
    op.create_index(op.f("ix_events_at"), "events", ["at"])
    _tell_of_orders()
    for table, operation, condition in _REFUSED:
        _refuse(table, operation, condition)
    _refuse_renewals_of_others()


def _allocations() -> None:
    """Which allocation renews which, from when on it counts; a seat is taken until its allocation ended."""
    for name in ("uq_allocations_live_seat", "uq_allocations_live_learner", "ix_allocations_past"):
        op.drop_index(name, table_name="allocations")
    with op.batch_alter_table("allocations", copy_from=_before()) as batch:
        batch.add_column(sa.Column("renews", _ID, nullable=True))
        batch.add_column(sa.Column("starts_at", sa.BigInteger(), nullable=True))
        batch.drop_constraint(op.f("ck_allocations_state"), type_="check")
        batch.drop_constraint(op.f("ck_allocations_ended"), type_="check")
        batch.create_check_constraint(
            op.f("ck_allocations_state"),
            "state IN ('live', 'scheduled', 'released', 'expired', 'superseded')",
        )
        batch.create_check_constraint(
            op.f("ck_allocations_ended"), "(state IN ('live', 'scheduled')) = (ended_at IS NULL)"
        )
        batch.create_check_constraint(
            op.f("ck_allocations_start"), "starts_at >= allocated_at AND starts_at < ends_at"
        )
        batch.create_check_constraint(
            op.f("ck_allocations_scheduled"),
            "state <> 'scheduled' OR (starts_at IS NOT NULL AND renews IS NOT NULL)",
        )
        batch.create_foreign_key(op.f("fk_allocations_renews"), "allocations", ["renews"], ["id"])
    _index("uq_allocations_held_seat", ["lot_id", "seat"], "ended_at IS NULL", unique=True)
    _index("uq_allocations_live_learner", ["learner_id", "type"], "state = 'live'", unique=True)
    _index("uq_allocations_scheduled_learner", ["learner_id", "type"], "state = 'scheduled'", unique=True)
    _index("ix_allocations_past", ["learner_id"], "ended_at IS NOT NULL", unique=False)


def _index(name: str, columns: list[str], condition: str, *, unique: bool) -> None:
    where = sa.text(condition)
    op.create_index(name, "allocations", columns, unique=unique, sqlite_where=where, postgresql_where=where)


def _before() -> sa.Table:
    """The table as it was: SQLite has to copy it."""
    return sa.Table(
        "allocations",
        sa.MetaData(),
        sa.Column("id", _ID, nullable=False),
        sa.Column("learner_id", _ID, nullable=False),
        sa.Column("lot_id", _ID, nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("lot_quantity", sa.Integer(), nullable=False),
        sa.Column("ends_at", sa.BigInteger(), nullable=False),
        sa.Column("seat", sa.Integer(), nullable=False),
        sa.Column("state", sa.Text(), server_default="live", nullable=False),
        sa.Column("allocated_at", sa.BigInteger(), nullable=False),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.Column("ended_because", sa.Text(), server_default="", nullable=False),
        sa.Column("run_id", _ID, nullable=True),
        sa.CheckConstraint("(state = 'live') = (ended_at IS NULL)", name="ck_allocations_ended"),
        sa.CheckConstraint(
            "state IN ('live', 'released', 'expired', 'superseded')", name="ck_allocations_state"
        ),
        sa.CheckConstraint("allocated_at < ends_at", name="ck_allocations_not_expired"),
        sa.CheckConstraint("seat BETWEEN 1 AND lot_quantity", name="ck_allocations_seat"),
        sa.ForeignKeyConstraint(["learner_id"], ["learners.id"], name="fk_allocations_learner_id"),
        sa.ForeignKeyConstraint(
            ["lot_id", "type", "lot_quantity", "ends_at"],
            ["lots.id", "lots.type", "lots.quantity", "lots.ends_at"],
            name="fk_allocations_lot",
        ),
        sa.PrimaryKeyConstraint("id", name="pk_allocations"),
    )


def _tell_of_orders() -> None:
    """The events of orders that were placed before there were any."""
    connection = op.get_bind()
    statement = sa.text(
        "SELECT o.*, l.id AS lot, l.quantity AS assigned, l.ends_at FROM orders o"
        " LEFT JOIN lots l ON l.order_id = o.id ORDER BY o.id"
    )
    told: list[tuple[int, str, str, int, dict[str, object], dict[str, object]]] = []
    for order in connection.execute(statement).mappings().all():
        asked = {name: order[name] for name in ("type", "quantity", "reference", "note")}
        told.append((order["requested_at"], order["requested_by"], "requested", order["id"], {}, asked))
        if order["state"] != "requested":
            after = {"reason": order["reason"]}
            if order["lot"] is not None:
                after |= {"lot": order["lot"], "quantity": order["assigned"], "ends_at": order["ends_at"]}
            decided = order["decided_at"], order["decided_by"], order["state"], order["id"]
            told.append((*decided, {"quantity": order["quantity"]}, after))
    insert = sa.text(
        "INSERT INTO events (at, actor, action, subject, number, before, after)"
        " VALUES (:at, :actor, :action, 'order', :number, :before, :after)"
    )
    for at, actor, action, number, before, after in sorted(told, key=lambda row: row[0]):
        values = {"at": at, "actor": actor, "action": action, "number": number}
        connection.execute(insert, {**values, "before": json.dumps(before), "after": json.dumps(after)})


def _refuse_renewals_of_others() -> None:
    """A renewal follows a license of the same learner, and a scheduled one begins when that is over."""
    words = "allocations: no renewal of that license"
    if op.get_bind().dialect.name == "sqlite":
        op.execute(
            "CREATE TRIGGER allocations_renewal_refused BEFORE INSERT ON allocations"
            f" WHEN {_NO_RENEWAL} BEGIN SELECT RAISE(ABORT, '{words}'); END"
        )
        return
    op.execute(
        "CREATE FUNCTION allocations_renewal_refused() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
        f" IF {_NO_RENEWAL} THEN"
        f" RAISE EXCEPTION '{words}' USING ERRCODE = 'integrity_constraint_violation'; END IF;"
        " RETURN NULL; END $$"
    )
    op.execute(  # AFTER: a BEFORE trigger would slow every COPY into the table down
        "CREATE TRIGGER allocations_renewal_refused AFTER INSERT ON allocations FOR EACH ROW"
        " WHEN (NEW.renews IS NOT NULL) EXECUTE FUNCTION allocations_renewal_refused()"
    )


def _refuse(table: str, operation: str, condition: str) -> None:
    name = f"{table}_{operation.lower()}_refused"
    words = f"{table}: history is not rewritten"
    if op.get_bind().dialect.name == "sqlite":
        op.execute(
            f"CREATE TRIGGER {name} BEFORE {operation} ON {table} WHEN {condition}"
            f" BEGIN SELECT RAISE(ABORT, '{words}'); END"
        )
        return
    op.execute(
        f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
        f" RAISE EXCEPTION '{words}' USING ERRCODE = 'integrity_constraint_violation'; END $$"
    )
    op.execute(
        f"CREATE TRIGGER {name} BEFORE {operation} ON {table} FOR EACH ROW WHEN ({condition})"
        f" EXECUTE FUNCTION {name}()"
    )
    if operation == "DELETE":
        op.execute(
            f"CREATE TRIGGER {table}_truncate_refused BEFORE TRUNCATE ON {table}"
            f" FOR EACH STATEMENT EXECUTE FUNCTION {name}()"
        )
