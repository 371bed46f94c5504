"""Who holds an instance: written into the labels of the helper container."""

import os
import socket
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Self

_BOOT = Path("/proc/sys/kernel/random/boot_id")
_NAMESPACE = Path("/proc/self/ns/pid")
LABEL = "redis-dr."


@dataclass(frozen=True, slots=True)
class Holder:
    """One operation, and the process that runs it."""

    operation: str  # backup, restore, ...
    id: str  # of the operation, unique
    instance: str
    started: str  # ISO 8601, UTC
    hostname: str  # for people
    machine: str  # boot id and pid namespace: the world in which `pid` has a meaning
    pid: int
    born: str  # the process's start in clock ticks since boot: pids are used again

    @classmethod
    def this_process(cls, operation: str, operation_id: str, instance: str) -> Self:
        """The calling process as holder."""
        pid = os.getpid()
        started = datetime.now(UTC).isoformat(timespec="seconds")
        return cls(
            operation=operation,
            id=operation_id,
            instance=instance,
            started=started,
            hostname=socket.gethostname(),
            machine=_machine(),
            pid=pid,
            born=_born(pid),
        )

    @classmethod
    def from_labels(cls, labels: dict[str, str]) -> Self:
        """The holder that wrote these labels; missing ones are empty."""
        texts = {
            name: labels.get(LABEL + name, "")
            for name in ("operation", "id", "instance", "started", "hostname", "machine", "born")
        }
        return cls(pid=int(labels.get(LABEL + "pid", "0") or 0), **texts)

    def labels(self) -> dict[str, str]:
        """As container labels."""
        names = self.__dataclass_fields__
        return {LABEL + name: str(getattr(self, name)) for name in names}

    def surely_dead(self) -> bool:
        """True when this machine can tell that the process is gone. False proves nothing."""
        if self.machine != _machine() or not self.machine:
            return False
        return _born(self.pid) != self.born

    def elsewhere(self) -> bool:
        """Whether it ran on another machine, or in another container, than the caller."""
        return self.machine != _machine()

    def __str__(self) -> str:
        return f"{self.operation} {self.id} of {self.hostname} pid {self.pid}, since {self.started}"


def _machine() -> str:
    try:
        return f"{_BOOT.read_text().strip()}/{os.readlink(_NAMESPACE)}"  # noqa: PTH115 a link to no path
    except OSError:
        return ""  # not Linux: only the heartbeat can tell


def _born(pid: int) -> str:
    try:
        # the name in field 2 may hold blanks and brackets; field 22 is the start (proc(5))
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return ""
    return "" if fields[0] in {"Z", "X"} else fields[19]
