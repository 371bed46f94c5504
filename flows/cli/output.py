"""The one printer of reports: lines, tables, findings, and figures as people read them."""

import re
import sys
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

    from redis_dr.tasks.model.report import Finding

STYLES = {"ok": "green", "bad": "red", "FAILED": "red"}  # of a table's cell, on a terminal
_GAP = 2  # blanks between columns
_PADDING = re.compile(r" +(\x1b\[0m)?$")  # to the width of the last column
_NARROWEST = 20  # a last column with less room is not wrapped: the terminal does it


class Output:
    """Prints to stdout, for people. Nothing is ever cut: a line may be longer than the terminal."""

    def __init__(self, *, only_bad: bool = False) -> None:
        self.only_bad = only_bad  # of the findings

    def line(self, text: str = "") -> None:
        """One line, as it is."""
        print(text)

    def table(self, columns: Sequence[str], rows: Iterable[Sequence[Any]], title: str = "") -> None:
        """Columns below their names; a number gets separators, None is empty.

        In a pipe each row is one line. On a terminal only the last column is wrapped.
        """
        from rich.table import Table
        from rich.text import Text

        if title:
            self.line(title)
        values = [tuple(row) for row in rows]
        texts = [[_cell(value) for value in row] for row in values]
        table = Table(box=None, pad_edge=False, padding=(0, _GAP, 0, 0), header_style="")
        for number, column in enumerate(columns):
            numbers = bool(values) and all(isinstance(row[number], int) for row in values)
            table.add_column(
                Text(column, style="bold"), justify="right" if numbers else "left", no_wrap=True
            )
        room = _room_for_last([list(columns), *texts])
        if room is not None:
            table.columns[-1].no_wrap = False
            table.columns[-1].overflow = "fold"
            table.columns[-1].max_width = room
        for row in texts:
            table.add_row(*(Text(text, style=STYLES.get(text, "")) for text in row))
        self._print(table)

    def _print(self, table: "Table") -> None:
        console = _console(width=100_000)  # rich would cut what does not fit
        with console.capture() as capture:
            console.print(table)
        for line in capture.get().splitlines():
            self.line(_PADDING.sub(r"\1", line))

    def findings(self, findings: "Iterable[Finding]", *, only_bad: bool = False) -> None:
        """The bad ones first and in full, then the good ones in short."""
        from redis_dr.tasks.model.report import finding_lines

        for text in finding_lines(findings, only_bad=only_bad or self.only_bad):
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
    """For example "3 h ago"; short, for a table."""
    seconds = max(0, int((now - moment).total_seconds()))
    for unit, length in (("d", 86_400), ("h", 3_600), ("m", 60)):
        if seconds >= 2 * length:
            return f"{seconds // length} {unit} ago"
    return f"{seconds} s ago"


def date(moment: datetime) -> str:
    """To the minute, in UTC: 2026-11-22 02:00."""
    return f"{moment:%Y-%m-%d %H:%M}"


def duration(seconds: float) -> str:
    """A length of time in its largest unit, for example "3 hours"."""
    import humanize

    return humanize.naturaldelta(timedelta(seconds=seconds))


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, int):
        return f"{value:,}"
    # a key or a client's name may hold anything, also what a terminal obeys
    text = str(value)
    return text if text.isprintable() else "".join(map(_printable, text))


def _printable(character: str) -> str:
    if character.isprintable():
        return character
    return character.encode("unicode_escape", "surrogatepass").decode()


def _console(width: int | None = None) -> "Console":
    from rich.console import Console

    return Console(width=width, highlight=False)


def _room_for_last(rows: Sequence[Sequence[str]]) -> int | None:
    """The width at which the last column wraps on this terminal; None where it does not."""
    from rich.cells import cell_len

    console = _console()
    widths = [max(map(cell_len, column)) for column in zip(*rows, strict=True)]
    room = console.width - sum(widths[:-1]) - _GAP * (len(widths) - 1)
    fits = widths[-1] <= room
    return None if fits or not console.is_terminal or room < _NARROWEST else room
