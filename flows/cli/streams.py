"""stdout and stderr that never raise: what cannot be told changes nothing of what is done.

A reader that is gone (`| head`), a closed terminal, a full disk behind a log, a character that the
terminal's encoding does not have: none of them may stop a restore or its roll-back.
"""

import errno
import io
import os
import select
import sys
from pathlib import Path
from typing import Any, TextIO

_QUIET = {errno.EPIPE, errno.EIO}  # a reader or a terminal that is gone wants no explanation


class _Unfailing(io.FileIO):
    """A file whose writes succeed; `lost` is why one did not, None while all did."""

    lost: OSError | None = None

    def write(self, data: Any, /) -> int:
        if self.lost is None:
            try:
                while (written := super().write(data)) is None:  # it does not block: wait for room
                    select.select([], [self.fileno()], [], 1)
            except OSError as error:
                self.lost = error
            else:
                return written
        return len(data)


def keep_streams_unfailing() -> None:
    """Replace stdout and stderr of this process."""
    sys.stdout = _unfailing(sys.stdout, 1)
    sys.stderr = _unfailing(sys.stderr, 2)


def output_lost() -> OSError | None:
    """Why stdout takes nothing more, None while it does."""
    raw = getattr(getattr(sys.stdout, "buffer", None), "raw", None)
    return raw.lost if isinstance(raw, _Unfailing) else None


def explain_lost_output() -> None:
    """Say on stderr why the output is not whole, where somebody may look for it later."""
    sys.stdout.flush()
    error = output_lost()
    if error is not None and error.errno not in _QUIET:
        print(
            f"redis-dr: the output could not be written whole: {error.strerror}; "
            "the exit code tells how the work ended",
            file=sys.stderr,
        )


def _unfailing(stream: TextIO | None, descriptor: int) -> TextIO:
    if stream is None:  # it was closed at the start: `>&-`
        return Path(os.devnull).open("w", encoding="utf-8", errors="backslashreplace")
    raw = _Unfailing(descriptor, "w", closefd=False)
    return io.TextIOWrapper(
        io.BufferedWriter(raw),
        encoding=stream.encoding,
        errors="backslashreplace",
        line_buffering=raw.isatty() or descriptor == 2 or bool(os.environ.get("PYTHONUNBUFFERED")),
    )
