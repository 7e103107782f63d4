"""The tables of notices: what was found worth telling, and who was told.

* a notice is open once only (partial unique index), so that it is told once as long as it lasts
* nobody gets one twice: a notice has one posting for each recipient
"""

from __future__ import annotations

from sqlalchemy import (
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from syncd.register.columns import Id, Time, metadata, text_column

notices = Table(
    "notices",
    metadata,
    Column("id", Id, primary_key=True),
    Column("event", Text, nullable=False),
    Column("subject", Text, nullable=False),
    text_column("threshold"),
    text_column("facts", "{}"),
    Column("found_at", Time, nullable=False),
    Column("over_at", Time),
    Index(
        "uq_notices_open",  # told once as long as it lasts
        "event",
        "subject",
        "threshold",
        unique=True,
        sqlite_where=text("over_at IS NULL"),
        postgresql_where=text("over_at IS NULL"),
    ),
)

postings = Table(
    "postings",
    metadata,
    Column("id", Id, primary_key=True),
    Column("notice_id", Id, ForeignKey("notices.id"), nullable=False),
    Column("channel", Text, nullable=False),
    Column("recipient", Text, nullable=False),
    Column("personal", SmallInteger, nullable=False, server_default="0"),
    text_column("language"),
    text_column("state", "pending"),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("next_try_at", Time, nullable=False),
    text_column(
        "message"
    ),  # under which it goes, or went, out together with others; set while its fate is unknown
    Column("sent_at", Time),
    text_column("error"),
    UniqueConstraint("notice_id", "channel", "recipient"),
    CheckConstraint("channel IN ('mail', 'chat', 'webhook')", name="channel"),
    CheckConstraint("state IN ('pending', 'sent', 'refused', 'given_up')", name="state"),
    CheckConstraint("(state = 'sent') = (sent_at IS NOT NULL)", name="sent"),
    Index(
        "ix_postings_pending",
        "channel",
        "recipient",
        sqlite_where=text("state = 'pending'"),
        postgresql_where=text("state = 'pending'"),
    ),
)
