"""Picture: a forecast as an SVG or PNG file, by matplotlib, which is an extra and loaded only for this."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path
from textwrap import fill
from typing import TYPE_CHECKING, Any

from syncd.cli.written import written_to
from syncd.errors import ConfigError
from syncd.forecasting import Foresight
from syncd.licensing.chances import LEVEL
from syncd.licensing.forecast import Ending, NextShortfall, Outlook
from syncd.words.outlook import day_in_words, orders

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_SIZE = (11, 5.5)
_TITLE = 90  # characters that fit above it
_APART = 6  # days between two ends that both have room for their name
_INK, _SHORT, _QUIET = "#1f5fa8", "#b3261e", "#666666"


def draw(company: str, foresight: Foresight, outlook: Outlook, path: Path, kind: str) -> None:
    """Write the picture to `path` as `kind`, "svg" or "png". Raises `ConfigError` when it cannot be."""
    try:
        import matplotlib as mpl
        from matplotlib.figure import Figure
        from matplotlib.layout_engine import ConstrainedLayoutEngine
    except ModuleNotFoundError as exc:
        raise ConfigError(
            f"a picture needs the Python package {exc.name}", next_step="pip install 'syncd[plot]'"
        ) from exc
    with mpl.rc_context({"svg.hashsalt": "syncd", "svg.fonttype": "none", "font.family": "sans-serif"}):
        figure = Figure(figsize=_SIZE, layout=ConstrainedLayoutEngine(w_pad=0.12, h_pad=0.12))
        _fill(figure.add_subplot(), company, foresight, outlook)
        metadata: dict[str, Any] = {"Date": None} if kind == "svg" else {}
        with written_to(path, binary=True, option=f"--{kind}") as file:
            figure.savefig(file, format=kind, dpi=150, metadata=metadata)


def _fill(axes: Axes, company: str, foresight: Foresight, outlook: Outlook) -> None:
    dates: Any = foresight.days.dates  # matplotlib draws dates; its types know numbers only
    expected = [point.balance for point in outlook.expected]
    least = [point.balance for point in outlook.least]
    most = [point.balance for point in outlook.most]
    band = f"{LEVEL}% of such years"
    axes.fill_between(dates, least, most, step="post", color=_INK, alpha=0.18, linewidth=0, label=band)
    axes.step(dates, expected, where="post", color=_INK, linewidth=2, label="expected")
    known = [point.balance for point in outlook.known]
    axes.step(dates, known, where="post", color=_QUIET, linewidth=1, linestyle=":", label="certain")
    axes.axhline(0, color=_SHORT, linewidth=1)
    axes.set_xlim(dates[0], dates[-1])
    axes.margins(y=0.14)
    _mark_ends(axes, foresight, dates)
    if outlook.shortfall:
        _mark_shortfall(axes, outlook.shortfall, dates, expected)
    _label(axes, company, foresight, outlook)


def _label(axes: Axes, company: str, foresight: Foresight, outlook: Outlook) -> None:
    from matplotlib.dates import DateFormatter, MonthLocator

    axes.xaxis.set_major_locator(MonthLocator())  # type: ignore[no-untyped-call]
    axes.xaxis.set_major_formatter(DateFormatter("%b\n%Y"))  # type: ignore[no-untyped-call]
    wanting = "with everybody whose license ends wanting another" if outlook.renewals else "for newcomers"
    made = day_in_words(foresight.days.dates[0])
    title = fill(f"Licenses of {company}, {wanting}", _TITLE)
    axes.set_title(f"{title}\nforecast of {made}", loc="left", fontsize=12, parse_math=False)
    axes.set_ylabel("available licenses (below 0: people wait)")
    axes.grid(axis="y", alpha=0.25)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    axes.legend(loc="best", frameon=False)


def _mark_ends(axes: Axes, foresight: Foresight, dates: Any) -> None:
    """A line for every day on which lots end, its words turned so that neighbours do not cover each other."""
    named = -_APART
    for entry in foresight.forecast.endings:
        if not entry.day:
            continue
        axes.axvline(dates[entry.day], color=_QUIET, linewidth=1, linestyle="--")
        if entry.day - named < _APART:
            continue
        named = entry.day
        axes.annotate(
            _ends(entry),
            (dates[entry.day], 0.99),
            xycoords=("data", "axes fraction"),
            xytext=(-3, 0),
            textcoords="offset points",
            rotation=90,
            ha="right",
            va="top",
            fontsize=8,
            color=_QUIET,
            bbox={"facecolor": "white", "edgecolor": "none", "alpha": 0.75, "pad": 1},
        )


def _ends(entry: Ending) -> str:
    return f"{orders(entry)} ends" if len(entry.lots) == 1 else f"{orders(entry)} end"


def _mark_shortfall(axes: Axes, shortfall: NextShortfall, dates: Any, expected: Sequence[float]) -> None:
    when: date = dates[shortfall.day]
    short = f"short by {shortfall.missing:,}" if shortfall.missing > 1 else "runs short"
    words = f"{short}\n{day_in_words(when)}"
    early = shortfall.day < len(dates) * 2 // 3
    axes.plot([dates[shortfall.day]], [expected[shortfall.day]], "o", color=_SHORT, zorder=5)
    axes.annotate(
        words,
        (dates[shortfall.day], expected[shortfall.day]),
        xytext=(14 if early else -14, -34),
        textcoords="offset points",
        ha="left" if early else "right",
        va="top",
        color=_SHORT,
        fontweight="bold",
        fontsize=9,
        arrowprops={"arrowstyle": "-", "color": _SHORT},
        bbox={"facecolor": "white", "edgecolor": "none", "alpha": 0.8, "pad": 2},
    )
