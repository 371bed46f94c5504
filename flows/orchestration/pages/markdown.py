"""Tables and words that every page is made of."""

from collections.abc import Iterable, Sequence
from typing import Any

from redis_dr.tasks.model.report import Finding

_UNITS = ("B", "kB", "MB", "GB", "TB")


def table(head: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    """A Markdown table; nothing when there are no rows."""
    body = [f"| {' | '.join(_cell(cell) for cell in row)} |" for row in rows]
    if not body:
        return ""
    return "\n".join([f"| {' | '.join(head)} |", "|" + " --- |" * len(head), *body])


def page(title: str, *parts: str) -> str:
    """A heading and its parts; empty parts leave no trace."""
    return "\n\n".join([f"# {title}", *(part for part in parts if part)]) + "\n"


def findings(all_of_them: Iterable[Finding], heading: str = "Checks") -> str:
    """Every check with what was expected and seen; the bad ones first."""
    ordered = sorted(all_of_them, key=lambda one: one.ok)
    rows = [
        (
            "ok" if one.ok else "**BAD**",
            one.check,
            _text(one.expected),
            _text(one.actual),
            _why(one),
        )
        for one in ordered
    ]
    made = table(("", "check", "expected", "seen", "detail"), rows)
    return f"## {heading}\n\n{made}" if made else ""


def seconds(timings: dict[str, float]) -> str:
    """How long each part took."""
    rows = [(name.replace("_", " "), f"{value:.2f} s") for name, value in timings.items()]
    made = table(("part", "time"), rows)
    return f"## Time\n\n{made}" if made else ""


def size(number: int) -> str:
    """1,234,567 as 1.2 MB."""
    value = float(number)
    for unit in _UNITS:
        if value < 1000 or unit == _UNITS[-1]:
            return f"{value:.0f} {unit}" if unit == "B" else f"{value:.1f} {unit}"
        value /= 1000
    raise AssertionError("the last unit always fits")


def link(text: str, address: str | None) -> str:
    """The text, leading there if there is an address."""
    return f"[{text}]({address})" if address else text


def age(since_seconds: float) -> str:
    """Seconds as a person says them."""
    hours = since_seconds / 3600
    if hours < 1:
        return f"{since_seconds / 60:.0f} min"
    return f"{hours:.1f} h" if hours < 48 else f"{hours / 24:.1f} days"


def _why(finding: Finding) -> str:
    return "" if finding.ok else finding.detail


def _text(value: Any) -> str:
    text = "" if value is None else str(value)
    return text if len(text) <= 200 else text[:197] + "..."


def _cell(value: Any) -> str:
    # a key may hold what Markdown and HTML take for their own, and every kind of line break
    text = " ".join(str(value).splitlines())
    return text.replace("\\", "\\\\").replace("|", "\\|").replace("<", "&lt;")
