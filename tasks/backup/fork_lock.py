"""One BGSAVE at a time on a host: two forks at once need memory and disk for both."""

import contextlib
import fcntl
import hashlib
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from redis_dr.tasks.model.progress import Progress


@contextmanager
def fork_turn(progress: Progress) -> Iterator[None]:
    """Wait until no other backup of this user's, in any process, forks on the same engine's host.

    The kernel lets go when the process dies. A courtesy: without the right to lock it goes on.
    """
    with contextlib.ExitStack() as stack:
        try:
            lock = stack.enter_context(_lock_file().open("a"))
        except OSError as error:
            progress(f"no turn among the forks of this host ({error.strerror}); going on")
        else:
            _wait(lock.fileno(), progress)
        yield


def _wait(descriptor: int, progress: Progress) -> None:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        progress("waiting: another instance on this host is saving")
        fcntl.flock(descriptor, fcntl.LOCK_EX)


def _lock_file() -> Path:
    # the servers run where the engine runs, so its address says which host forks
    host = hashlib.sha256(os.environ.get("DOCKER_HOST", "").encode()).hexdigest()[:12]
    return Path(tempfile.gettempdir()) / f"redis-dr-fork-{os.geteuid()}-{host}.lock"
