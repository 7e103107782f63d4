"""One suite per port, and the in-memory implementations the engine's tests run against."""

import pytest

pytest.register_assert_rewrite("tests.contracts.directory", "tests.contracts.platform")
