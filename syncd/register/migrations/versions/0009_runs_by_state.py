"""Runs that wait, or were cut short, are found without a look at every run there ever was."""

from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    op.create_index("ix_runs_state", "runs", ["state"])
