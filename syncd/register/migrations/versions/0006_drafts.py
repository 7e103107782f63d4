"""Orders that syncd drafts or places by itself: one of them is open at a time."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    op.add_column("orders", sa.Column("draft", sa.Boolean(), server_default=sa.false(), nullable=False))
    op.add_column("orders", sa.Column("confirmed_by", sa.Text(), server_default="", nullable=False))
    op.add_column("orders", sa.Column("confirmed_at", sa.BigInteger(), nullable=True))
    open_ = sa.text("requested_by = 'syncd' AND state = 'requested'")
    op.create_index(
        "uq_orders_open_automatic",
        "orders",
        ["type"],
        unique=True,
        sqlite_where=open_,
        postgresql_where=open_,
    )
