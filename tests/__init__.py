"""The tests mirror the tree; `contracts/` holds one suite for every implementation of a port."""

import pytest

pytest.register_assert_rewrite("tests.contracts")
