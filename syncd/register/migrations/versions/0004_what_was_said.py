"""What each directory says of somebody whom several have."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    op.add_column("identities", sa.Column("said", sa.Text(), nullable=True))
