"""The one printer of reports: lines, tables, findings, and figures as people read them."""

import sys
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.console import Console

    from redis_dr.tasks.model.report import Finding

STYLES = {"ok": "green", "BAD": "red"}  # of a table's cell, on a terminal


class Output:
    """Prints to stdout, for people."""

    def line(self, text: str = "") -> None:
        """One line, as it is."""
        print(text)

    def table(self, columns: Sequence[str], rows: Iterable[Sequence[Any]], title: str = "") -> None:
        """A table; a number gets separators, None is empty."""
        from rich.table import Table
        from rich.text import Text

        table = Table(title=Text(title) if title else None)
        for number, column in enumerate(columns):
            # half a backup's ID is useless
            table.add_column(column, no_wrap=number == 0)
        for row in rows:
            texts = [_cell(value) for value in row]
            table.add_row(*(Text(text, style=STYLES.get(text, "")) for text in texts))
        _console().print(table)

    def findings(self, findings: "Iterable[Finding]", *, only_bad: bool = False) -> None:
        """The bad ones first and in full, then the good ones in short."""
        from redis_dr.tasks.model.report import finding_lines

        for text in finding_lines(findings, only_bad=only_bad):
            self.line(text)

    def timings(self, timings: Mapping[str, float]) -> None:
        """The seconds of each phase, on one line."""
        self.line("  ".join(f"{name} {seconds:.2f} s" for name, seconds in timings.items()))

    def flush(self) -> None:
        """Show now what was printed: a pipe would keep it."""
        sys.stdout.flush()

    def clear(self) -> None:
        """Clear the terminal, if there is one."""
        _console().clear()


def size(count: int) -> str:
    """Bytes, for example "11.2 kB"."""
    from redis_dr.tasks.model import units

    return units.size(count)


def ago(moment: datetime, now: datetime) -> str:
    """For example "3 hours ago"."""
    import humanize

    return humanize.naturaltime(now - moment)


def duration(seconds: float) -> str:
    """A length of time in its largest unit, for example "3 hours"."""
    import humanize

    return humanize.naturaldelta(timedelta(seconds=seconds))


def _cell(value: Any) -> str:
    if value is None:
        return ""
    return f"{value:,}" if isinstance(value, int) else str(value)


def _console() -> "Console":
    from rich.console import Console

    return Console(soft_wrap=True, highlight=False)
