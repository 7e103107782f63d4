"""The tables. What must never happen is impossible here, not merely avoided elsewhere:

* a lot never has more allocations than seats: the seat number of one that has not ended is unique within
  its lot, and its CHECK bounds it by the lot's quantity, which the composite foreign key keeps equal to
  the lot's; that goes for scheduled ones, too
* nobody holds two live licenses of one type, or has two scheduled (partial unique indexes)
* nothing is allocated after a lot's end, by the same foreign key and a CHECK
* no two learners share an e-mail address, no two learners one directory identity
* history is not rewritten: an allocation that has ended, a decided order, a lot and an event are never
  changed and never removed (triggers, written in the migrations)

Times are seconds since 1970, UTC.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    false,
    text,
)

from syncd.register import notice_tables  # noqa: F401 - they belong to the same metadata
from syncd.register.columns import Id, Time
from syncd.register.columns import metadata as metadata
from syncd.register.columns import text_column as _text


def _unique_while(condition: str, name: str, *columns: str) -> Index:
    """A unique index over the rows for which `condition` holds."""
    return Index(name, *columns, unique=True, sqlite_where=text(condition), postgresql_where=text(condition))


groups = Table(
    "groups", metadata, Column("name", Text, primary_key=True), Column("first_seen_at", Time, nullable=False)
)

learners = Table(
    "learners",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=False),  # reserved from `counters` when planned
    Column("email", Text, nullable=False, unique=True),
    _text("first_name"),
    _text("last_name"),
    _text("department"),
    _text("job_title"),
    _text("manager_email"),
    _text("employee_id"),
    _text("language"),
    Column("group", Text, ForeignKey("groups.name")),
    _text("role", "learner"),
    _text("account", "planned"),
    _text("suspended_by"),  # "sync" is lifted by the sync, "expiry" by a renewal, "hand" by hand
    Column("created_at", Time, nullable=False),
    Column("activated_at", Time),
    Column("left_at", Time),  # since when no directory has them as present
    Column("platform_account", Text),  # as `name of the platform/account there`
    _text("refused"),  # why the platform would not have them, until it does
    Column("deleted_at", Time),  # when their personal data were removed
    CheckConstraint("role IN ('learner', 'manager')", name="role"),
    CheckConstraint("account IN ('planned', 'active', 'suspended')", name="account"),
    Index(
        "ix_learners_left_at",
        "left_at",
        sqlite_where=text("left_at IS NOT NULL"),
        postgresql_where=text("left_at IS NOT NULL"),
    ),
    Index(
        "ix_learners_lapsed",
        "id",
        sqlite_where=text("suspended_by = 'expiry' AND left_at IS NULL"),
        postgresql_where=text("suspended_by = 'expiry' AND left_at IS NULL"),
    ),
    Index(
        "ix_learners_refused",
        "id",
        sqlite_where=text("refused <> ''"),
        postgresql_where=text("refused <> ''"),
    ),
)

identities = Table(
    "identities",
    metadata,
    Column("id", Id, primary_key=True),
    Column("directory", Text, nullable=False),
    Column("key", Text, nullable=False),
    Column("learner_id", Id, ForeignKey("learners.id"), nullable=False, index=True),
    Column("fingerprint", LargeBinary),
    Column("fresh_until", Time),  # when the fingerprint stops vouching for the person by itself
    _text("presence", "present"),
    Column("since", Time, nullable=False),  # since when it is so
    _text("where"),
    Column("said", Text),  # JSON: what it says of a learner with several; NULL: what their profile says
    UniqueConstraint("directory", "key"),
    CheckConstraint("presence IN ('present', 'disabled', 'out_of_scope', 'missing')", name="presence"),
    Index(
        "ix_identities_fresh_until",
        "directory",
        "fresh_until",
        sqlite_where=text("fresh_until IS NOT NULL"),
        postgresql_where=text("fresh_until IS NOT NULL"),
    ),
    Index(
        "ix_identities_doubted",
        "directory",
        sqlite_where=text("fingerprint IS NULL"),
        postgresql_where=text("fingerprint IS NULL"),
    ),
)

links = Table(  # values that are equal, across directories, for the same human
    "links",
    metadata,
    Column("value", Text, primary_key=True),
    Column("learner_id", Id, ForeignKey("learners.id"), primary_key=True),
)

orders = Table(
    "orders",
    metadata,
    Column("id", Id, primary_key=True),
    Column("type", Text, nullable=False),
    Column("quantity", Integer, nullable=False),
    Column("reference", Text, unique=True),
    _text("note"),
    _text("state", "requested"),
    _text("requested_by"),
    Column("requested_at", Time, nullable=False),
    _text("decided_by"),
    Column("decided_at", Time),
    _text("reason"),
    Column("draft", Boolean, nullable=False, server_default=false()),  # requested, once it is confirmed
    _text("confirmed_by"),
    Column("confirmed_at", Time),
    CheckConstraint("quantity BETWEEN 1 AND 1000000", name="quantity"),
    CheckConstraint("state IN ('requested', 'assigned', 'rejected', 'cancelled')", name="state"),
    CheckConstraint("type IN ('premium', 'managed', 'trial')", name="type"),
    Index(
        "uq_orders_open_automatic",  # syncd has one open order of a type, however many daemons there are
        "type",
        unique=True,
        sqlite_where=text("requested_by = 'syncd' AND state = 'requested'"),
        postgresql_where=text("requested_by = 'syncd' AND state = 'requested'"),
    ),
)

lots = Table(
    "lots",
    metadata,
    Column("id", Id, primary_key=True),
    Column("order_id", Id, ForeignKey("orders.id"), nullable=False, unique=True),  # assigned once
    Column("type", Text, nullable=False),
    Column("quantity", Integer, nullable=False),
    Column("starts_at", Time, nullable=False),
    Column("ends_at", Time, nullable=False),
    UniqueConstraint("id", "type", "quantity", "ends_at"),  # what allocations point at
    CheckConstraint("quantity BETWEEN 1 AND 1000000", name="quantity"),
    CheckConstraint("starts_at < ends_at", name="term"),
)

allocations = Table(
    "allocations",
    metadata,
    Column("id", Id, primary_key=True),
    Column("learner_id", Id, ForeignKey("learners.id"), nullable=False),
    Column("lot_id", Id, nullable=False),
    Column("type", Text, nullable=False),
    Column("lot_quantity", Integer, nullable=False),
    Column("ends_at", Time, nullable=False),
    Column("seat", Integer, nullable=False),
    _text("state", "live"),
    Column("allocated_at", Time, nullable=False),
    Column("ended_at", Time),
    _text("ended_because"),
    Column("run_id", Id),
    Column("renews", Id, ForeignKey("allocations.id")),  # the one it follows
    Column("starts_at", Time),  # where that is later than `allocated_at`
    ForeignKeyConstraint(
        ["lot_id", "type", "lot_quantity", "ends_at"],
        ["lots.id", "lots.type", "lots.quantity", "lots.ends_at"],
        name="fk_allocations_lot",
    ),
    CheckConstraint("seat BETWEEN 1 AND lot_quantity", name="seat"),
    CheckConstraint("allocated_at < ends_at", name="not_expired"),
    CheckConstraint("starts_at >= allocated_at AND starts_at < ends_at", name="start"),
    CheckConstraint("state IN ('live', 'scheduled', 'released', 'expired', 'superseded')", name="state"),
    CheckConstraint("(state IN ('live', 'scheduled')) = (ended_at IS NULL)", name="ended"),
    CheckConstraint(
        "state <> 'scheduled' OR (starts_at IS NOT NULL AND renews IS NOT NULL)", name="scheduled"
    ),
    _unique_while("ended_at IS NULL", "uq_allocations_held_seat", "lot_id", "seat"),
    _unique_while("state = 'live'", "uq_allocations_live_learner", "learner_id", "type"),
    _unique_while("state = 'scheduled'", "uq_allocations_scheduled_learner", "learner_id", "type"),
    Index(
        "ix_allocations_past",
        "learner_id",
        sqlite_where=text("ended_at IS NOT NULL"),
        postgresql_where=text("ended_at IS NOT NULL"),
    ),
)

# SQLite takes these indexes only for these very words, not for a parameter.
LIVE, SCHEDULED = text("allocations.state = 'live'"), text("allocations.state = 'scheduled'")
LAPSED = text("learners.suspended_by = 'expiry' AND learners.left_at IS NULL")

waiting = Table(
    "waiting",
    metadata,
    Column("learner_id", Id, ForeignKey("learners.id"), primary_key=True),
    Column("type", Text, primary_key=True),
    Column("since", Time, nullable=False),
    Column("priority", Integer, nullable=False),
    Column("key", Text, nullable=False),
)

runs = Table(
    "runs",
    metadata,
    Column("id", Id, primary_key=True),
    Column("command", Text, nullable=False),
    Column("state", Text, nullable=False, index=True),
    _text("requested_by"),
    Column("started_at", Time, nullable=False),
    Column("finished_at", Time),
    Column("applies_run", Id, ForeignKey("runs.id")),
    _text("decided_by"),  # who approved or rejected what was held
    Column("decided_at", Time),
    Column("superseded_by", Id, ForeignKey("runs.id")),
    _text("facts", "{}"),  # JSON: counts, directory sizes, skips, shortfall, objections
    _text("error"),
)

changes = Table(
    "changes",
    metadata,
    Column("run_id", Id, ForeignKey("runs.id"), primary_key=True),
    Column("kind", SmallInteger, primary_key=True),  # model.Kind: the order they are applied in
    Column("key", Text, primary_key=True),
    _text("email"),
    _text("name"),
    _text("why"),
    Column("learner_id", Id),
    Column("lot_id", Id),
    Column("ends_at", Time),
    _text("data", "{}"),
    _text("state", "planned"),
    _text("outcome"),
    Index(
        "ix_changes_undelivered",
        "run_id",
        sqlite_where=text("state = 'recorded'"),
        postgresql_where=text("state = 'recorded'"),
    ),
    sqlite_with_rowid=False,
)

events = Table(  # what people did by hand, and what no change of a run tells: see `register/trail.py`
    "events",
    metadata,
    Column("id", Id, primary_key=True),
    Column("at", Time, nullable=False, index=True),
    _text("actor"),
    Column("action", Text, nullable=False),
    Column("subject", Text, nullable=False),  # "order", "lot", "learner", "run"
    Column("number", Id, nullable=False),
    _text("before", "{}"),  # JSON; never personal data, which could not be removed again
    _text("after", "{}"),
    Column("run_id", Id),
    CheckConstraint("subject IN ('order', 'lot', 'learner', 'run')", name="subject"),
)

cursors = Table(  # written in the transaction that ends a run which was applied in full, and only there
    "cursors",
    metadata,
    Column("directory", Text, primary_key=True),
    Column("salt", LargeBinary, nullable=False),  # a cursor is never used under another one
    Column("cursor", Text, nullable=False),
    Column("read_whole_at", Time, nullable=False),
    Column("taken_at", Time, nullable=False),
    Column("run_id", Id, ForeignKey("runs.id"), nullable=False),
    CheckConstraint("cursor <> ''", name="cursor"),
)

counters = Table(
    "counters", metadata, Column("name", Text, primary_key=True), Column("value", BigInteger, nullable=False)
)
