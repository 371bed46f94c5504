"""The building blocks of every page: tables, sections, findings, sizes and ages."""

from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import Any

import humanize

from redis_dr.tasks.model.report import Finding

_LONGEST_CELL = 200  # characters of an expected or actual value
_TWO_DAYS = 48 * 3600  # seconds; minutes do not matter for older data


def page(title: str, *parts: str) -> str:
    """A heading and its parts; empty parts are left out."""
    return "\n\n".join([f"# {title}", *(part for part in parts if part)]) + "\n"


def section(heading: str, body: str) -> str:
    """The body below its heading; nothing when the body is empty."""
    return f"## {heading}\n\n{body}" if body else ""


def table(head: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    """A Markdown table; nothing when there are no rows."""
    body = [f"| {' | '.join(_cell(cell) for cell in row)} |" for row in rows]
    if not body:
        return ""
    return "\n".join([f"| {' | '.join(head)} |", "|" + " --- |" * len(head), *body])


def findings_table(findings: Iterable[Finding], heading: str = "Checks") -> str:
    """Every check with the expected and the actual value; the failed ones first."""
    rows = [
        (
            "ok" if finding.ok else "**BAD**",
            finding.check,
            _shortened(finding.expected),
            _shortened(finding.actual),
            "" if finding.ok else finding.detail,
        )
        for finding in sorted(findings, key=lambda finding: finding.ok)
    ]
    return section(heading, table(("", "check", "expected", "actual", "detail"), rows))


def timings_table(timings: dict[str, float]) -> str:
    """How long each part took."""
    rows = [(name.replace("_", " "), f"{value:.2f} s") for name, value in timings.items()]
    return section("Time", table(("part", "time"), rows))


def code(text: str) -> str:
    """A name or a key in monospace."""
    return f"`{text}`"


def link(text: str, address: str | None) -> str:
    """The text, as a link if there is an address."""
    return f"[{text}]({address})" if address else text


def age(seconds: float) -> str:
    """7,200 as 2 hours, 300,000 as 3 days and 11 hours."""
    unit = "hours" if seconds >= _TWO_DAYS else "minutes" if seconds >= 60 else "seconds"
    return humanize.precisedelta(
        timedelta(seconds=seconds), minimum_unit=unit, suppress=("months", "years"), format="%d"
    )


def _shortened(value: Any) -> str:
    text = "" if value is None else str(value)
    return text if len(text) <= _LONGEST_CELL else text[: _LONGEST_CELL - 3] + "..."


def _cell(value: Any) -> str:
    # a key may hold Markdown, HTML and every kind of line break
    text = " ".join(str(value).splitlines())
    return text.replace("\\", "\\\\").replace("|", "\\|").replace("<", "&lt;")
