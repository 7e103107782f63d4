"""What Moodle lets through as a value: it cleans it, and refuses the call if that changes anything."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

_TAG = re.compile(r"<[^>]*>?")
_ADDRESS = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*")
Json = dict[str, Any]


class MoodleError(Exception):
    """An error as it is answered: class, code and message; `why` only where debugging is on."""

    def __init__(self, code: str, message: str, why: str = "", *, kind: str = "moodle_exception") -> None:
        super().__init__(message)
        self.kind, self.code, self.message, self.why = kind, code, message, why


def invalid(why: str) -> MoodleError:
    return MoodleError(
        "invalidparameter", "Invalid parameter value detected", why, kind="invalid_parameter_exception"
    )


def as_tree(pairs: list[tuple[str, str]]) -> Json:
    """PHP's reading of a form: `users[0][email]` becomes a tree of mappings."""
    tree: Json = {}
    for name, value in pairs:
        *above, last = [part.rstrip("]") for part in name.split("[")]
        node = tree
        for key in above:
            node = node.setdefault(key, {})
        node[last] = value
    return tree


def listed(params: Json, key: str) -> list[Any]:
    """The values of a list that is required."""
    if not isinstance(params.get(key), dict):
        raise invalid(f"Missing required key in single structure: {key}")
    return list(params[key].values())


def require(item: Json, *keys: str) -> None:
    for key in keys:
        if key not in item:
            raise invalid(f"Missing required key in single structure: {key}")


def only(item: Json, keys: set[str]) -> None:
    if unexpected := item.keys() - keys:
        raise invalid(f"Unexpected keys ({', '.join(sorted(unexpected))}) detected in parameter array.")


def number(value: str) -> int:
    try:
        return int(value)
    except ValueError:
        raise invalid(f"the value is {value}, the server was expecting int type") from None


def no_tags(value: str) -> str:
    return _TAG.sub("", value)


def a_username(value: str) -> str:
    return re.sub(r"[^-._@a-z0-9]", "", value.strip().lower())


def is_address(value: str) -> bool:
    return bool(_ADDRESS.fullmatch(value))


CLEANED: Mapping[str, Callable[[str], str]] = {
    "username": a_username,
    "firstname": no_tags,
    "lastname": no_tags,
    "department": no_tags,
    "email": str.strip,
}


def checked(user: Json) -> Json:
    """A user's values as they came. Raises where cleaning would change one."""
    for key, clean in CLEANED.items():
        if key in user and clean(user[key]) != user[key]:
            raise invalid(f"users => {key} => Invalid parameter value detected: the value is {user[key]}")
    return user
