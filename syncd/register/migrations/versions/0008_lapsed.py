"""Whose license has ended is found without a look at every learner."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"

_LAPSED = sa.text("suspended_by = 'expiry' AND left_at IS NULL")


def upgrade() -> None:
    op.create_index("ix_learners_lapsed", "learners", ["id"], sqlite_where=_LAPSED, postgresql_where=_LAPSED)
