"""OpenLDAP and 389 Directory Server keep the promises of every directory."""

from __future__ import annotations

from typing import ClassVar

import pytest

from tests.connectors.directories.ldap_town import LdapTown
from tests.contracts.directory import DirectoryContract
from tests.contracts.doorbell import DoorbellContract
from tests.contracts.incremental import IncrementalContract
from tests.servers.ds389 import Ds389
from tests.servers.slapd import Slapd


class TestOpenLdapContract(DirectoryContract, IncrementalContract, DoorbellContract):
    crowd: ClassVar[int] = 25  # more than two of the pages of 10 asked for here
    tells_groups = tells_nesting = tells_references = False

    @pytest.fixture
    def town(self, slapd: Slapd, slapd_ou: str) -> LdapTown:
        return LdapTown(slapd, slapd_ou, gone={"employeeType": "gone"})


class Test389Contract(DirectoryContract, IncrementalContract, DoorbellContract):
    crowd: ClassVar[int] = 25  # more than two of the pages of 10 asked for here
    tells_groups = tells_nesting = tells_references = False

    @pytest.fixture
    def town(self, ds389: Ds389, ds389_ou: str) -> LdapTown:
        return LdapTown(ds389, ds389_ou, gone={"nsAccountLock": "true"})
