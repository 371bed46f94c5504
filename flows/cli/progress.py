"""How the progress of an operation shows: a bar on a terminal, lines elsewhere."""

from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from rich.progress import Progress as Bar


class QuietProgress:
    """A `Progress` that shows nothing: `--quiet`."""

    def __call__(self, text: str, done: float | None = None, /) -> None:
        """Show nothing."""

    def close(self) -> None:
        """Nothing was opened."""


class TerminalProgress:
    """A `Progress` that writes to `stream`.

    A text is a line. A share is a bar below the lines when the stream is a terminal, else a line
    such as "verifying, 80 %", which other programs can read.
    """

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._bar: Bar | None = None

    def __call__(self, text: str, done: float | None = None, /) -> None:
        """Show `text`, with `done` from 0 to 1 where the work is countable."""
        if done is None:
            self._line(text)
        elif not self._stream.isatty():
            self._line(f"{text}, {100 * done:.0f} %")
        else:
            self._share(text, done)

    def close(self) -> None:
        """Remove the bar; what is printed next begins on a line of its own."""
        if self._bar is not None:
            self._bar.stop()
            self._bar = None

    def _line(self, text: str) -> None:
        if self._bar is not None:
            self._bar.console.print(text, markup=False)
        else:
            print(text, file=self._stream, flush=True)

    def _share(self, text: str, done: float) -> None:
        if self._bar is None:
            self._bar = self._new_bar()
        task = self._bar.task_ids[0]
        self._bar.update(task, description=text, completed=done)
        if done >= 1:
            self.close()
            self._line(f"{text}, 100 %")

    def _new_bar(self) -> "Bar":
        from rich.console import Console
        from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn

        bar = Progress(
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            TaskProgressColumn(),
            console=Console(file=self._stream, soft_wrap=True, highlight=False),
            transient=True,
        )
        bar.add_task("", total=1.0)
        bar.start()
        return bar
