"""One BGSAVE at a time on a host: two forks at once need memory and disk for both."""

import contextlib
import fcntl
import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from redis_dr.tasks.model.errors import UsageError
from redis_dr.tasks.model.progress import Progress
from redis_dr.tasks.workspace import private_folder


@contextmanager
def fork_turn(progress: Progress) -> Iterator[None]:
    """Wait until no other backup of this user's, in any process, forks on the same engine's host.

    The kernel lets go when the process dies. A courtesy: without the right to lock it goes on.
    """
    with contextlib.ExitStack() as stack:
        try:
            lock = stack.enter_context(_lock_file().open("a"))
        except (OSError, UsageError) as error:
            progress(f"backups of this host may fork at the same time: no lock ({error})")
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
    return private_folder() / f"fork-{host}.lock"
