"""The tests mirror the tree; `contracts/` holds one suite for every implementation of a port."""

import warnings

import pytest

with warnings.catch_warnings():
    # ldap3 uses names pyasn1 has deprecated, and here warnings are errors: so it is loaded once, first.
    warnings.filterwarnings("ignore", r"(tagMap|typeMap) is deprecated", DeprecationWarning)
    import ldap3  # noqa: F401

pytest.register_assert_rewrite("tests.contracts")
