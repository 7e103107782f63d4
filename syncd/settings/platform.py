"""The platform: its section of the configuration, validated by its connector's own options."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from connectors.catalog import PLATFORMS
from connectors.catalog import load as load_class
from syncd.settings.connectors import section, unknown_type
from syncd.settings.document import Document
from syncd.settings.problems import Problem
from syncd.settings.sections import EmbeddedSection, PlatformSection
from syncd.settings.types import PlatformOptions, Section

EMBEDDED = "embedded"
TYPES = (EMBEDDED, *PLATFORMS)
_LOC = ("platform",)
_OWN = tuple(PlatformSection.model_fields)


@dataclass(frozen=True, slots=True)
class PlatformSettings:
    """Where learners live; `options` is None where that is the register itself."""

    type: str = EMBEDDED
    name: str = EMBEDDED
    options: PlatformOptions | None = None

    def in_zone(self, zone: str) -> PlatformSettings:
        """The same, for a company with this time zone."""
        return replace(self, options=self.options and self.options.in_zone(zone))


def read_platform(document: Document, folder: Path) -> tuple[PlatformSettings | None, list[Problem]]:
    """The platform, if what the file says of it is valid, and what is wrong with it."""
    raw = document.data.get("platform")
    if raw is None:
        return PlatformSettings(), []
    if not isinstance(raw, dict):
        return None, [document.problem(_LOC, "must be a section that begins with `type:`")]
    own = {key: value for key, value in raw.items() if key in _OWN}
    rest = {key: value for key, value in raw.items() if key not in _OWN}
    head, problems = section(document, PlatformSection, own, _LOC, folder, also=_OWN)
    if head is None:
        return None, problems
    if head.type not in TYPES:
        return None, unknown_type(document, _LOC, head.type, TYPES)
    options, problems = section(document, options_of(head.type), rest, _LOC, folder, also=_OWN)
    embedded = head.type == EMBEDDED
    return PlatformSettings(head.type, head.name or head.type, None if embedded else options), problems


def options_of(type_: str) -> type[Section]:
    """What the section takes besides `type`. Raises `KeyError` for a type there is not."""
    if type_ == EMBEDDED:
        return EmbeddedSection
    options: type[PlatformOptions] = load_class(PLATFORMS[type_].options)
    return options
