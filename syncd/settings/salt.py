"""Salt: a digest of everything that decides how a person is read and judged.

In it: scope, managers and priority rules, matching and precedence, the names of all directories in
their order, the directory's own name and type, its effective mapping, and its options (base, filter,
link attribute, file layout, …). Not in it: secrets, and the options a connector calls its `reach`
(servers, certificates, timeouts, page sizes); nor licenses, leavers, guard and log, which judge no
single person. A changed salt changes every fingerprint, so the next run looks at everybody afresh.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from enum import Enum
from hashlib import blake2b
from typing import Any

from pydantic import BaseModel

from syncd.plan.policy import Policy
from syncd.plan.scope import Rule
from syncd.settings.types import DirectoryOptions, Secret

_JUDGEMENT = 1  # raise it when the same settings come to judge people differently
_SIZE = 32


def salt_of(policy: Policy, name: str, type_: str, options: DirectoryOptions) -> bytes:
    """The digest for one directory. 32 bytes; equal settings give equal bytes on every machine."""
    facts = {
        "judgement": _JUDGEMENT,
        "include": [_rule(rule) for rule in policy.scope.include],
        "exclude": [_rule(rule) for rule in policy.scope.exclude],
        "managers": [_rule(rule) for rule in policy.managers],
        "priority": [_rule(rule) for rule in policy.priority],
        "matching": asdict(policy.matching),
        "directories": list(policy.mapping),  # their order decides who speaks for somebody
        "mapping": {field: asdict(rule) for field, rule in policy.mapping[name].items()},
        "directory": [name, type_],
        "options": {
            key: _plain(getattr(options, key))
            for key in type(options).model_fields
            if key not in options.reach
        },
    }
    text = json.dumps(facts, sort_keys=True, separators=(",", ":"))
    return blake2b(text.encode(), digest_size=_SIZE).digest()


def combined(salts: Mapping[str, bytes]) -> bytes:
    """One digest for several directories."""
    return blake2b(b"".join(salts[name] for name in sorted(salts)), digest_size=_SIZE).digest()


def _rule(rule: Rule) -> list[Any]:
    pattern = None if rule.matches is None else rule.matches.pattern
    tests = [rule.attribute, pattern, sorted(rule.equals), rule.present]
    return [rule.directory, rule.group, rule.ou, *tests]


def _plain(value: Any) -> Any:
    if isinstance(value, Secret):
        return None
    if isinstance(value, BaseModel):
        return {name: _plain(getattr(value, name)) for name in type(value).model_fields}
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, (set, frozenset)):
        return sorted(str(_plain(item)) for item in value)
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    if isinstance(value, Enum):
        return _plain(value.value)
    return value if value is None or isinstance(value, (bool, int, float, str)) else str(value)
