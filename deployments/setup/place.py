"""Where a clone's private engine lives."""

import hashlib
import os
import tempfile
from dataclasses import dataclass
from pathlib import Path

from redis_dr.tasks.model.errors import Refused

LONGEST = 60  # characters: containerd adds up to 40, and a unix socket's path ends at 107


@dataclass(frozen=True, slots=True)
class Place:
    """The folders of one private engine. `run` holds sockets and locks, `data` the images."""

    run: Path
    data: Path

    @property
    def socket(self) -> Path:
        """Where it listens."""
        return self.run / "docker.sock"

    @property
    def host(self) -> str:
        """The same for DOCKER_HOST."""
        return f"unix://{self.socket}"

    @property
    def pidfile(self) -> Path:
        """Written by dockerd."""
        return self.run / "docker.pid"

    @property
    def exec_root(self) -> Path:
        """Its volatile state, with containerd's socket in it."""
        return self.run / "exec"

    @property
    def seccomp(self) -> Path:
        """Which system calls its containers may make."""
        return self.run / "seccomp.json"

    @property
    def log(self) -> Path:
        """What it said, for people."""
        return self.run / "docker.log"

    @property
    def bridge(self) -> str:
        """A network interface of its own, so that two clones do not share one (15 characters)."""
        return "rdr" + hashlib.sha256(str(self.run).encode()).hexdigest()[:8]


def place_for(root: Path) -> Place:
    """The place for the clone at `root`: .run/engine in it, or a short path where that is long."""
    home = root / ".run" / "engine"
    run = home if len(str(home)) <= LONGEST else _short(home)
    run.mkdir(mode=0o700, parents=True, exist_ok=True)
    if run.is_symlink() or run.stat().st_uid != os.geteuid():
        raise Refused(f"{run} belongs to somebody else", "remove it, and try again")
    return Place(run, home / "data")


def _short(home: Path) -> Path:
    digest = hashlib.sha256(str(home).encode()).hexdigest()[:12]
    return Path(tempfile.gettempdir()) / f"redis-dr-{os.geteuid()}-{digest}"
