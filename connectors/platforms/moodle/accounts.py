"""Accounts of a site: found, made, changed, deleted, many a call; one that is refused stops nobody else."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from connectors.platforms.moodle.translate import EMAIL, Account, account
from connectors.platforms.moodle.trouble import Lost, Refusal, plain
from connectors.platforms.moodle.wire import Moodle, batches, flat
from syncd.errors import Unavailable

_ASKED_AT_ONCE = 200
_NO_ACCIDENT = 5
_WILD = re.compile(r"([\\%_])")
Item = TypeVar("Item")
Fields = Mapping[str, Any]
Answer = Any | Refusal | Lost


@dataclass(slots=True)
class Found:
    """Accounts by what they were asked for, lowest id first; and what Moodle could not show, with why."""

    accounts: dict[str, list[Account]] = field(default_factory=lambda: defaultdict(list))
    unreadable: dict[str, Refusal] = field(default_factory=dict)


class Accounts:
    def __init__(self, moodle: Moodle, most: int) -> None:
        self._moodle = moodle
        self._most = most

    def by(self, name: str, values: Iterable[str]) -> Found:
        """Whose `idnumber`, `email`, `username` or `id` is one of these, exactly."""
        found = Found()
        wanted = list(dict.fromkeys(value for value in values if value))
        stack = [wanted[at : at + _ASKED_AT_ONCE] for at in range(0, len(wanted), _ASKED_AT_ONCE)]
        while stack:
            asked = stack.pop()
            answer = self._moodle.listed("core_user_get_users_by_field", {"field": name, "values": asked})
            if not isinstance(answer, Refusal):
                for shown in sorted(answer, key=lambda shown: int(shown["id"])):
                    found.accounts[str(shown.get(name) or "")].append(account(shown))
            elif len(asked) > 1:  # one value that an account has breaks the whole answer
                stack += _halves(asked)
            else:
                found.unreadable[asked[0]] = answer
                if len(found.unreadable) == _NO_ACCIDENT and not found.accounts:
                    raise Unavailable(
                        f"{self._moodle.host} shows no account: {answer.words} ({answer.code})",
                        next_step="look at the site's logs, or turn its debugging messages on",
                    )
        return found

    def with_email(self, email: str) -> list[Account]:
        """Whose address it is, in any case."""
        pattern = _WILD.sub(r"\\\1", email)
        criteria = [{"key": "email", "value": pattern}]
        answer = self._moodle.listed("core_user_get_users", {"criteria": criteria}, "users")
        if isinstance(answer, Refusal):
            return []
        every = [account(shown) for shown in answer]
        return [one for one in every if one.fields[EMAIL].casefold() == email.casefold()]

    def create(self, people: Sequence[tuple[Item, Fields]]) -> Iterator[tuple[Item, int | Refusal | Lost]]:
        """The new account of each, in no order. A call makes all or none: a refused one is sent in halves."""
        for batch, answer in self._each(people, "core_user_create_users", lambda batch: {"users": batch}):
            if isinstance(answer, (Refusal, Lost)):
                yield from ((item, answer) for item, _ in batch)
                continue
            if not isinstance(answer, list):
                raise self._moodle.strange("core_user_create_users")
            made = {str(one["username"]): int(one["id"]) for one in answer}
            for item, fields in batch:  # fewer than were sent: the rest got lost on the way
                yield item, made.get(fields["username"], Lost.ANSWER)

    def update(self, people: Sequence[tuple[Item, Fields]]) -> Iterator[tuple[Item, Refusal | Lost | None]]:
        """What came of each change; None for done. Moodle names whom it would not change."""
        for batch, answer in self._each(people, "core_user_update_users", lambda batch: {"users": batch}):
            if isinstance(answer, (Refusal, Lost)):
                yield from ((item, answer) for item, _ in batch)
                continue
            refused = {
                int(one.get("itemid") or 0): Refusal(str(one.get("warningcode")), plain(one.get("message")))
                for one in (answer or {}).get("warnings", ())
            }
            yield from ((item, refused.get(fields["id"])) for item, fields in batch)

    def delete(self, people: Sequence[tuple[Item, int]]) -> Iterator[tuple[Item, Refusal | Lost | None]]:
        """What came of each deletion; None for done."""
        sent = [(item, {"id": number}) for item, number in people]
        by_id: Callable[[list[Fields]], Fields] = lambda batch: {"userids": [one["id"] for one in batch]}  # noqa: E731
        for batch, answer in self._each(sent, "core_user_delete_users", by_id):
            bad = answer if isinstance(answer, (Refusal, Lost)) else None
            yield from ((item, bad) for item, _ in batch)

    def _each(
        self,
        people: Sequence[tuple[Item, Fields]],
        function: str,
        params: Callable[[list[Fields]], Fields],
    ) -> Iterator[tuple[list[tuple[Item, Fields]], Answer]]:
        """Every batch with its answer; of a refused one, its halves, down to one person."""
        stack = list(batches(people, self._most, lambda one: sum(1 for _ in flat(one[1]))))[::-1]
        while stack:
            batch = stack.pop()
            answer = self._moodle.write(function, params([fields for _, fields in batch]))
            if isinstance(answer, Refusal) and len(batch) > 1:
                stack += _halves(batch)[::-1]
            else:
                yield batch, answer


def _halves(batch: list[Item]) -> list[list[Item]]:
    middle = len(batch) // 2
    return [batch[:middle], batch[middle:]]
