"""Actions: what a file asks whoever imports it to do with its people.

kind                    who is there            who is not
SUSPEND, MERGE          suspend                 nothing
EXPIRE, RELEASE         expire, release         nothing
DELETE                  remove                  nothing
UPDATE, REPAIR          change                  add
REACTIVATE              resume                  add
RENEW, ALLOCATE         renew                   add
CREATE                  add                     add

A delivery says how somebody shall be: who shall not be active any more is never let in by an older kind,
nor the other way round. Who has an account was handed off before: it is the address they have there.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from syncd.model import Kind
from syncd.ports import Delivery


class Action(StrEnum):
    """In the order in which files are to be imported: what frees addresses and licenses comes first."""

    SUSPEND = "suspend"
    EXPIRE = "expire"
    RELEASE = "release"
    REMOVE = "remove"
    CHANGE = "change"
    RESUME = "resume"
    RENEW = "renew"
    ADD = "add"


ORDER: Mapping[Action, int] = {action: place for place, action in enumerate(Action)}
BY_OLD_ADDRESS = frozenset({Action.SUSPEND, Action.EXPIRE, Action.RELEASE, Action.REMOVE})
"""Here people are named by the address they have there, whatever theirs is now."""

_SHUTS_OUT = (Action.SUSPEND, Action.EXPIRE)
_LETS_IN = (Action.RESUME, Action.RENEW, Action.ADD)
_BY_KIND: Mapping[Kind, Action] = {
    Kind.SUSPEND: Action.SUSPEND,
    Kind.MERGE: Action.SUSPEND,
    Kind.EXPIRE: Action.EXPIRE,
    Kind.RELEASE: Action.RELEASE,
    Kind.DELETE: Action.REMOVE,
    Kind.REACTIVATE: Action.RESUME,
    Kind.RENEW: Action.RENEW,
    Kind.ALLOCATE: Action.RENEW,
    Kind.CREATE: Action.ADD,
}


def actions_of(delivery: Delivery) -> tuple[Action, ...]:
    """What is to be done for it, in order; nothing for somebody who is not there and need not be."""
    if not delivery.account:
        return (Action.ADD,) if delivery.active and delivery.kind is not Kind.DELETE else ()
    action = _BY_KIND.get(delivery.kind, Action.CHANGE)
    if action in _SHUTS_OUT and delivery.active:
        action = Action.RESUME
    elif action in _LETS_IN and not delivery.active:
        action = Action.SUSPEND
    has_moved = delivery.account != delivery.profile.email
    if has_moved and action in (Action.RENEW, Action.ADD):  # their files have no room for a former address
        return (Action.CHANGE, action)
    return (action,)


def account_after(delivery: Delivery, actions: tuple[Action, ...]) -> str:
    """The address they have there once this is done; empty where it stays what it was."""
    return "" if BY_OLD_ADDRESS.issuperset(actions) else delivery.profile.email
