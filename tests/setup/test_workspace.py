"""The folder for an operation's files: private, with room, and swept when its owner was killed."""

import os
import resource
import signal
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from redis_dr.tasks.model.errors import Refused, UsageError
from redis_dr.tasks.workspace import open_private, private_folder, workspace

HOLD = """
import signal, sys
from redis_dr.tasks.workspace import workspace
# a shell that runs the tests in the background ignores it, and a child inherits that
signal.signal(signal.SIGINT, signal.default_int_handler)
with workspace(0) as folder:
    (folder / "fetched.rdb").write_text("production's data")
    print(folder, flush=True)
    sys.stdin.read()
"""


@pytest.fixture(autouse=True)
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A temporary directory of the test's own."""
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", None)
    return tmp_path


def holder() -> tuple[subprocess.Popen[str], Path]:
    """A process that holds a workspace, and the workspace."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    return process, Path(process.stdout.readline().strip())


def test_nobody_else_can_look_into_it() -> None:
    """Neither into the folder of the user nor into that of the operation."""
    with workspace(0) as folder:
        for one in (folder, folder.parent):
            assert stat.S_IMODE(one.stat().st_mode) == 0o700
    assert not folder.exists()


def test_what_a_killed_operation_left_is_removed_by_the_next() -> None:
    """And what a living one holds stays."""
    dead, left = holder()
    living, held = holder()
    dead.kill()
    dead.wait(30)
    assert (left / "fetched.rdb").exists()
    with workspace(0):
        assert not left.exists()
        assert (held / "fetched.rdb").exists()
    living.communicate("", timeout=30)
    assert not held.exists()


@pytest.mark.parametrize("strike", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_no_death_leaves_files_for_long(temporary: Path, strike: signal.Signals) -> None:
    """However the process ends."""
    process, _ = holder()
    process.send_signal(strike)
    process.wait(30)
    with workspace(0):
        pass
    assert [path for path in temporary.rglob("*") if path.is_file()] == []


@pytest.mark.parametrize("mode", [0o755, 0o770, 0o701])
def test_a_folder_that_others_can_open_is_refused(temporary: Path, mode: int) -> None:
    """Somebody else may have made it first, to read along."""
    (temporary / f"redis-dr-{os.geteuid()}").mkdir(mode=0o700)
    (temporary / f"redis-dr-{os.geteuid()}").chmod(mode)
    with pytest.raises(UsageError, match="only this user"), workspace(0):
        pass


def test_a_link_in_its_place_is_refused(temporary: Path) -> None:
    """It could lead anywhere."""
    (temporary / "elsewhere").mkdir(mode=0o700)
    (temporary / f"redis-dr-{os.geteuid()}").symlink_to(temporary / "elsewhere")
    with pytest.raises(UsageError, match="only this user"):
        private_folder()


def test_too_little_space_is_seen_before_the_work() -> None:
    """With the figures, and with what to do."""
    begun = []
    with pytest.raises(Refused, match="set TMPDIR to a folder with that"), workspace(2**60):
        begun.append(True)
    assert not begun


def test_a_disk_that_fills_up_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """As a refusal with a remedy, not as a fault in redis-dr. The kernel refuses the write."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, hard))
    try:
        with pytest.raises(Refused, match="takes no more data"), workspace(0) as folder:
            (folder / "fetched.rdb").write_bytes(bytes(20_000))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert list(private_folder().iterdir()) == []


def test_another_error_passes_as_it_is() -> None:
    """Only a full disk is translated."""
    with pytest.raises(FileNotFoundError), workspace(0) as folder:
        (folder / "missing").read_text()


@pytest.mark.parametrize("before", [None, 0o666, 0o400])
def test_a_private_file_is_private_also_over_an_open_one(
    tmp_path: Path, before: int | None
) -> None:
    """
    Readable by this user only, with the new content, whatever stood there.
    """
    path = tmp_path / "page.html"
    if before is not None:
        path.write_text("much longer than what comes")
        path.chmod(before)
    with open_private(path) as file:
        file.write(b"new")

    assert path.read_bytes() == b"new"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
