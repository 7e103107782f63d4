"""Refusing: why Moodle would not have somebody. It often does not say; then we look who is in the way."""

from __future__ import annotations

import re
from collections.abc import Sequence

from connectors.platforms.moodle.site import Site
from connectors.platforms.moodle.translate import Account, username_of
from connectors.platforms.moodle.trouble import Refusal
from syncd.errors import Unavailable
from syncd.model import Profile

_TOO_MANY = 20  # without a reason that has to do with them, and nobody let through
_USUAL_ADDRESS = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+")
_SET_UP = (
    "check that the plugin of platform.auth is enabled and the languages are installed; with its debugging "
    "messages on DEVELOPER the site tells its reason"
)


class Refusing:
    """Knows, for one call of `deliver`, whether the site refuses some or everybody."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._unexplained = 0
        self._somebody_passed = False

    def let_through(self) -> None:
        self._somebody_passed = True

    def why(self, profile: Profile, there: Account | None, refusal: Refusal) -> str:
        """The reason, with what to do. Raises `Unavailable` where the site would have nobody."""
        if why := self._in_the_way(profile, there):
            return why
        self._unexplained += 1
        if self._unexplained >= _TOO_MANY and not self._somebody_passed:
            raise Unavailable(
                f"{self._site.moodle.host} refuses everybody: {refusal.words} ({refusal.code})",
                next_step=_SET_UP,
            )
        return f"Moodle refused the account: {refusal.words}; look at their name, address and language"

    def stranger(self, email: str, there: Account) -> str:
        """Why an address cannot be had."""
        who = f"{email} belongs to account {there.id} ({there.username}) on Moodle"
        if (learner := self._site.translator.number(there)) is not None:
            return f"{who}, which is still learner {learner}'s; sync again when that has another address"
        if self._site.options.adopt_by_email:
            return f"{who}, with the ID number {there.id_number}; clear that there, and it is taken over"
        return (
            f"{who}, which syncd did not make; give it another address, or take it over with "
            "platform.adopt_by_email: true"
        )

    def _in_the_way(self, profile: Profile, there: Account | None) -> str:
        own = there.id if there else 0
        for holder in self._site.accounts.with_email(profile.email):
            if holder.id != own:
                return self.stranger(profile.email, holder)
        if not _USUAL_ADDRESS.fullmatch(profile.email):
            return (
                f"Moodle does not take the address {profile.email}; give them one of plain letters and digits"
            )
        by_email = self._site.options.username == "email"
        if there is not None and not by_email:
            return ""
        name = username_of(profile.email if by_email else profile.employee_id)
        for holder in self._site.accounts.by("username", [name]).accounts.get(name, []):
            if holder.id != own:
                return f"the username {name} belongs to account {holder.id} on Moodle; rename it there"
        return ""


def several(there: Sequence[Account], what: str) -> str:
    """Why nobody can tell which account is theirs."""
    ids = ", ".join(str(one.id) for one in there)
    return f"accounts {ids} on Moodle all have {what}; take it from those that are not theirs"
