"""A subscription plan: rows of licenses, and the rules by which they are assigned and revoked."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple
from uuid import uuid4

UNASSIGNED, ASSIGNED, ACTIVATED, REVOKED = "unassigned", "assigned", "activated", "revoked"
HELD = (ASSIGNED, ACTIVATED)
_ADDRESS = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+")


@dataclass
class Row:
    uuid: str = field(default_factory=lambda: str(uuid4()))
    status: str = UNASSIGNED
    user_email: str | None = None


class Answer(NamedTuple):
    status: int
    body: Any = None


@dataclass
class Plan:
    """`cap`: revocations allowed, None where there is no limit. `refused`: addresses no form takes."""

    seats: int = 0
    uuid: str = field(default_factory=lambda: str(uuid4()))
    cap: int | None = None
    locked: bool = False
    active: bool = True
    days_left: int = 200
    auto_apply: bool = False
    old: bool = False
    """Whether it answers as license-manager did until 2021: no list of whom it gave a license."""
    refused: set[str] = field(default_factory=set)
    notified: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.rows = [Row() for _ in range(self.seats)]
        self.revocations = 0

    # -- what people do there by hand

    def add(self, email: str, status: str = ASSIGNED) -> Row:
        """Somebody gets a license, a new one where none is left."""
        row = self._unassigned()[0] if self._unassigned() else Row()
        if row not in self.rows:
            self.rows.append(row)
        row.status, row.user_email = status, email
        return row

    def activate(self, email: str, becoming: str = "") -> None:
        """They log in; and perhaps change the address of their account later."""
        row = self.of(email)
        assert row is not None, f"{email} has no license"
        row.status, row.user_email = ACTIVATED, becoming or email

    def of(self, email: str) -> Row | None:
        """The license somebody holds."""
        return next((row for row in self.rows if row.user_email == email and row.status in HELD), None)

    @property
    def holders(self) -> list[str]:
        return sorted(str(row.user_email) for row in self.rows if row.status in HELD)

    # -- what the API does

    def assign(self, emails: Sequence[str], *, notify: bool) -> Answer:
        if bad := self._unfit(emails):
            return bad
        asked = {email.lower() for email in emails}
        new = sorted((email for email in asked if self.of(email) is None), reverse=True)
        left = self._unassigned()
        if len(new) > len(left):
            return Answer(
                400,
                "There are not enough licenses that can be assigned to complete your request."
                f"You attempted to assign {len(new)} licenses, but there are only {len(left)} "
                "potentially available.",
            )
        given = list(zip(left, new, strict=False))
        for row, email in given:
            row.status, row.user_email = ASSIGNED, email
        self.notified += new if notify else []
        counts = {"num_successful_assignments": len(new), "num_already_associated": len(asked) - len(new)}
        rows = [{"user_email": email, "license": row.uuid} for row, email in given]
        return Answer(200, counts if self.old else {**counts, "license_assignments": rows})

    def revoke(self, emails: Sequence[str]) -> Answer:
        """A revoked row stays, and a new one that nobody holds takes its place."""
        if bad := self._unfit(emails):
            return bad
        if len(emails) > self.revocations_left:
            return Answer(400, "Plan does not have enough revocations remaining.")
        done, failed = [], []
        for email in emails:
            row = self.of(email)
            if row is None:
                failed.append({"user_email": email, "error": f"No license for email {email} exists in plan"})
                continue
            self.revocations += row.status == ACTIVATED
            row.status = REVOKED
            self.rows.append(Row())
            done.append({"user_email": email})
        if failed and not done:
            return Answer(404, failed[0]["error"])
        body = {"successful_revocations": done, "unsuccessful_revocations": failed}
        return Answer(207 if failed else 200, body)

    def listed(self, statuses: Sequence[str]) -> list[dict[str, Any]]:
        """Ordered by address."""
        rows = [row for row in self.rows if not statuses or row.status in statuses]
        return [
            {"uuid": row.uuid, "status": row.status, "user_email": row.user_email, "activation_key": None}
            for row in sorted(rows, key=lambda row: row.user_email or "")
        ]

    def described(self) -> dict[str, Any]:
        statuses = [row.status for row in self.rows]
        counts = {status: statuses.count(status) for status in (ASSIGNED, ACTIVATED, UNASSIGNED, REVOKED)}
        left = None if self.cap is None else self.revocations_left
        return {
            "title": "Contoso 2027",
            "uuid": self.uuid,
            "expiration_date": "2027-12-31T00:00:00Z",
            "is_active": self.active,
            "is_revocation_cap_enabled": self.cap is not None,
            "licenses": {**counts, "total": len(self.rows) - counts[REVOKED]},
            "revocations": None if left is None else {"applied": self.revocations, "remaining": left},
            "days_until_expiration": self.days_left,
            "should_auto_apply_licenses": self.auto_apply,
        }

    @property
    def revocations_left(self) -> float:
        return math.inf if self.cap is None else self.cap - self.revocations

    def _unassigned(self) -> list[Row]:
        return [row for row in self.rows if row.status == UNASSIGNED]

    def _unfit(self, emails: Sequence[str]) -> Answer | None:
        unfit = {
            str(place): ["Enter a valid email address."]
            for place, email in enumerate(emails)
            if not _ADDRESS.fullmatch(email) or email in self.refused
        }
        return Answer(400, {"user_emails": unfit}) if unfit else None
