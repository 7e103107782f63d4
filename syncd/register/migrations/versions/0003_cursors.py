"""Where directories stood, and quick ways to those who must be looked at although nothing told of them."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.create_table(
        "cursors",
        sa.Column("directory", sa.Text(), nullable=False),
        sa.Column("salt", sa.LargeBinary(), nullable=False),
        sa.Column("cursor", sa.Text(), nullable=False),
        sa.Column("read_whole_at", sa.BigInteger(), nullable=False),
        sa.Column("taken_at", sa.BigInteger(), nullable=False),
        sa.Column("run_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.CheckConstraint("cursor <> ''", name=op.f("ck_cursors_cursor")),
        sa.ForeignKeyConstraint(["run_id"], ["runs.id"], name=op.f("fk_cursors_run_id")),
        sa.PrimaryKeyConstraint("directory", name=op.f("pk_cursors")),
    )
    for name, columns, where in (
        ("ix_identities_fresh_until", ["directory", "fresh_until"], "fresh_until IS NOT NULL"),
        ("ix_identities_doubted", ["directory"], "fingerprint IS NULL"),
    ):
        rows = sa.text(where)
        op.create_index(name, "identities", columns, sqlite_where=rows, postgresql_where=rows)
