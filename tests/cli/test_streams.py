"""Whatever happens to a terminal, a pipe or a log: the work and its exit code stay the same."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from redis_dr.tasks.model.errors import Interrupted
from redis_dr.tasks.model.progress import quiet, unfailing

WORK = """
import sys
from redis_dr.flows.cli import streams
from redis_dr.flows.cli.progress import TerminalProgress
streams.keep_streams_unfailing()
progress = TerminalProgress(sys.stdout)
for number in range(2000):
    progress(f"step {number} of \\u00e9 \\udcff \\U0001f600")
    progress("share", number / 1999)
    print("for stderr", number, file=sys.stderr)
open(sys.argv[1], "w").write("all done")
streams.explain_lost_output()
sys.exit(3)
"""


def _run(tmp_path: Path, wrap: str, **environment: str) -> subprocess.CompletedProcess[str]:
    mark = tmp_path / "mark"
    done = subprocess.run(
        ["bash", "-c", wrap, "bash", sys.executable, "-c", WORK, str(mark)],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        errors="replace",
        timeout=60,
        check=False,
    )
    assert mark.read_text() == "all done"
    return done


@pytest.mark.parametrize(
    "wrap",
    [
        '"$@" | head -1; exit ${PIPESTATUS[0]}',
        '"$@" | true; exit ${PIPESTATUS[0]}',
        '"$@" >/dev/full',
        '"$@" 2>/dev/full',
        '"$@" >/dev/full 2>&1',
        '"$@" >&-',
        '"$@" 2>&-',
        '"$@" >&- 2>&-',
        '"$@" </dev/null >/dev/null',
    ],
)
@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_the_work_goes_on_and_its_exit_code_counts(
    tmp_path: Path, wrap: str, unbuffered: str
) -> None:
    """A closed pipe, a full disk, closed descriptors: on either stream, buffered or not."""
    assert _run(tmp_path, wrap, PYTHONUNBUFFERED=unbuffered).returncode == 3


def test_a_terminal_that_goes_away_stops_nothing(tmp_path: Path) -> None:
    """The pty is closed in the middle: every write fails with EIO from then on."""
    mark = tmp_path / "mark"
    code = WORK.replace("import sys\n", "import signal, sys\nsignal.signal(1, signal.SIG_IGN)\n", 1)
    master, slave = os.openpty()
    process = subprocess.Popen(
        [sys.executable, "-c", code, str(mark)], stdin=slave, stdout=slave, stderr=slave
    )
    os.close(slave)
    os.read(master, 100)
    os.close(master)
    assert process.wait(60) == 3
    assert mark.read_text() == "all done"


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "utf-8", "cp1252"])
def test_every_character_can_be_printed(tmp_path: Path, encoding: str) -> None:
    """What the encoding lacks is shown by its number."""
    done = _run(tmp_path, '"$@"', PYTHONIOENCODING=encoding)
    assert done.returncode == 3
    assert "step 1999" in done.stdout


def test_a_log_on_a_full_disk_is_told_on_stderr(tmp_path: Path) -> None:
    """A report that is not whole must not look as if it were."""
    done = _run(tmp_path, '"$@" >/dev/full')
    assert "No space left on device" in done.stderr


def test_a_non_blocking_pipe_gets_every_line(tmp_path: Path) -> None:
    """Another program may have switched it: a full pipe is waited for."""
    read, write = os.pipe()
    os.set_blocking(write, False)
    process = subprocess.Popen(
        [sys.executable, "-c", WORK, str(tmp_path / "mark")],
        stdout=write,
        stderr=subprocess.DEVNULL,
    )
    os.close(write)
    with os.fdopen(read, "rb") as file:
        text = file.read()
    assert process.wait(60) == 3
    assert text.count(b"step ") == 2000


@pytest.mark.parametrize("error", [OSError, ValueError, RuntimeError, UnicodeEncodeError])
def test_a_listener_that_fails_stops_nothing(error: Callable[..., Exception]) -> None:
    """A program that uses redis_dr.api may pass a `progress` of its own."""

    def broken(_text: str, _done: float | None = None, /) -> None:
        if error is UnicodeEncodeError:
            "\u00e9".encode("ascii")
        raise error("the listener's fault")

    unfailing(broken)("text", 0.5)


def test_a_signal_during_the_telling_still_interrupts() -> None:
    """It is not a fault of the listener."""

    def interrupted(_text: str, _done: float | None = None, /) -> None:
        raise Interrupted("stopped by SIGTERM", "run `redis-dr recover`")

    with pytest.raises(Interrupted):
        unfailing(interrupted)("text")
    unfailing(quiet)("text")
