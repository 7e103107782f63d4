"""Writes the tables of docs/configuration.md from the JSON Schema. Run it after a change of the settings:

python docs/reference.py
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from syncd.settings.schema import json_schema

Node = dict[str, Any]
FILE = Path(__file__).with_name("configuration.md")
_SCHEMA = json_schema()
_PLATFORMS = _SCHEMA["properties"]["platform"]["anyOf"][0]["oneOf"]
_KINDS = {
    kind["properties"]["type"]["const"]: kind
    for kind in (*_SCHEMA["properties"]["directories"]["items"]["oneOf"], *_PLATFORMS)
}
_MARKED = re.compile(r"(<!-- table (\S+) -->\n).*?(<!-- end -->)", re.DOTALL)
_DEFINITIONS = {
    "DisabledWhen": "one or several `{ attribute, equals }`",
    "connectors__directories__files__options__DisabledWhen": "`{ column, equals }`",
    "MappingSection": "a [mapping](#mapping)",
    "FieldSection": "an attribute, or more",
    "LimitSection": "`5%`, `200`, both or `none`",
    "RuleSection": "a [rule](#rules)",
    "Secret": "a [secret](#secrets)",
    "TlsOptions": "[tls](#tls)",
    "HttpTlsSection": "[certificate and key](#tls-of-http)",
    "TokenSection": "a [token](#tokens)",
    "GroupColumn": "`{ column, separator }`",
    "CredentialOptions": "one of those below",
    "CertificateOptions": "`{ file, private_key, passphrase, thumbprint }`",
    "ProxyOptions": "a URL, or `{ url, user, password }`",
    "DatabaseSection": "a [database](#database)",
    "Action": "an action",
    "ColumnValue": "a value",
    "ColumnOptions": "[columns](#columns-of-csv-files)",
    "TargetSection": "a [target](#targets)",
    "LearnerNoticesSection": "[what learners are told](#what-learners-are-told)",
    "ScimAuthOptions": "[who we are](#auth-of-scim)",
    "ScimLicenseOptions": "`account`, or [one of these](#license-of-scim)",
    "ScimExtensionOptions": "an [extension](#license-of-scim)",
    "MoodleFields": "[names of fields](#fields-of-moodle)",
    "MoodleLicense": "`account`, or [one of these](#license-of-moodle)",
    "IomadOptions": "a [license of IOMAD](#license-of-moodle)",
    "StaffEvent": "an [event](notices.md#events)",
}
_SEVERAL = {
    "number": "numbers",
    "percentage": "percentages",
    "see below": "[directories](#directories)",
    "text": "texts",
    "an action": "actions",
    "a [rule](#rules)": "[rules](#rules)",
    "a [token](#tokens)": "[tokens](#tokens)",
    "a [target](#targets)": "[targets](#targets)",
    "an [event](notices.md#events)": "[events](notices.md#events)",
    "one or several `{ attribute, equals }`": "`{ attribute, equals }`",
}


def current(text: str) -> str:
    """`text` with every marked table as the schema has it now."""
    return _MARKED.sub(lambda found: f"{found[1]}{_table(found[2])}\n{found[3]}", text)


def _table(name: str) -> str:
    node = _section(name)
    required = node.get("required", ())
    rows = [_row(key, field, required=key in required) for key, field in _fields(name, node)]
    return "\n".join(["| key | what it is | value | default |", "|---|---|---|---|", *rows])


def _section(name: str) -> Node:
    if name == "top":
        return _SCHEMA
    if name in _KINDS:
        return _KINDS[name]
    found: Node = _SCHEMA["$defs"][name]
    return next((form for form in found.get("anyOf", ()) if "properties" in form), found)


def _fields(name: str, node: Node) -> Iterator[tuple[str, Node]]:
    """The fields of a section; of `ldap` those that it does not share with `active_directory`."""
    shared = _KINDS["active_directory"]["properties"] if name == "ldap" else {}
    for key, field in node["properties"].items():
        if field != shared.get(key) and (key not in ("name", "type") or name != "ldap"):
            yield key, field


def _row(key: str, field: Node, *, required: bool) -> str:
    default = field.get("default", "")
    shown = "**required**" if required else "" if default in ("", None) else f"`{_plain(default)}`"
    about = field.get("description", "").replace("|", "\\|")
    kind = "[platform](#platform)" if key == "platform" else _kind(field)
    return f"| `{key}` | {about} | {kind} | {shown} |"


def _plain(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    text = f"[{', '.join(map(str, value))}]" if isinstance(value, (list, tuple)) else str(value)
    return text.replace("|", "\\|")


def _kind(node: Node) -> str:
    """What may be written there, in a word or two."""
    if "$ref" in node:
        return _named(node["$ref"].rpartition("/")[2])
    if "const" in node:
        return f"`{node['const']}`"
    if "enum" in node:
        return ", ".join(f"`{value}`" for value in node["enum"])
    if "oneOf" in node:
        return "see below"
    if "anyOf" in node:
        kinds = [_kind(form) for form in node["anyOf"] if form.get("type") != "null"]
        return " or ".join(dict.fromkeys(kinds))
    if "w)?" in node.get("pattern", ""):
        return "duration"
    if "){4}" in node.get("pattern", ""):
        return "crontab fields"
    if "%" in node.get("pattern", ""):
        return "percentage"
    if node.get("type") == "array":
        items = _kind(node.get("items", {}))
        return f"list of {_SEVERAL.get(items, items)}"
    if isinstance(node.get("additionalProperties"), dict):
        return f"names, each with {_kind(node['additionalProperties'])}"
    if node.get("format") == "date":
        return "date"
    if node.get("type") == "boolean":
        return "`true` or `false`"
    return {"integer": "number", "string": "text"}.get(str(node.get("type")), "text")


def _named(name: str) -> str:
    if name in _DEFINITIONS:
        return _DEFINITIONS[name]
    node = _SCHEMA["$defs"][name]
    if "enum" in node:
        return _kind(node)
    if name.endswith("Section"):
        word = name.removesuffix("Section").lower()
        return f"[{word}](#{word})"
    return _DEFINITIONS["DisabledWhen"] if name.endswith("DisabledWhen") else "see below"


if __name__ == "__main__":
    FILE.write_text(current(FILE.read_text(encoding="utf-8")), encoding="utf-8")
