"""Who approved or rejected a held plan, and when."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    with op.batch_alter_table("runs") as runs:
        runs.add_column(sa.Column("decided_by", sa.Text, nullable=False, server_default=""))
        runs.add_column(sa.Column("decided_at", sa.BigInteger))
