"""Rendering: a page's facts into HTML. Whatever is no markup of our templates is text, and escaped."""

from __future__ import annotations

import re
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape
from starlette.responses import HTMLResponse, Response

from syncd.daemon.console.visit import HOME, Page

HERE = Path(__file__).parent
HEADERS: Mapping[str, str] = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; img-src 'self' data:; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}
_KEPT = "private, max-age=86400"  # their address changes with them
_FILES = {"console.css": "text/css; charset=utf-8", "icon.svg": "image/svg+xml"}
_COMMAND = re.compile(r"`([^`]+)`")


class Rendering:
    def __init__(self) -> None:
        self._environment = Environment(
            loader=FileSystemLoader(HERE / "templates"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            auto_reload=False,
        )
        self._environment.filters["number"] = "{:,}".format
        self._environment.filters["commands"] = _with_commands
        self._files = {name: (HERE / "static" / name).read_bytes() for name in _FILES}
        style = sha256(self._files["console.css"]).hexdigest()[:12]
        self._environment.globals.update(home=HOME, style=f"{HOME}/console.css?{style}")

    def page(self, page: Page, around: Mapping[str, Any]) -> HTMLResponse:
        """`around`: what every page needs, of its template's frame."""
        template = self._environment.get_template(page.template)
        text = template.render({**around, **page.facts, "title": page.title, "at": page.at})
        return HTMLResponse(text, page.status, HEADERS)

    def file(self, name: str) -> Response | None:
        """The stylesheet or the icon."""
        if name not in self._files:
            return None
        headers = {**HEADERS, "Cache-Control": _KEPT}
        return Response(self._files[name], media_type=_FILES[name], headers=headers)


def _with_commands(text: str) -> Markup:
    """What stands between backticks is a command, to be copied."""
    parts = _COMMAND.split(text)
    code = Markup("<code>{}</code>")
    marked = [code.format(part) if place % 2 else escape(part) for place, part in enumerate(parts)]
    return Markup("").join(marked)
