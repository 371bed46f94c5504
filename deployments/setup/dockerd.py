"""Start and stop a private Docker engine, by hand as facts/engine.md says."""

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

from deployments.setup.bridge import make_bridge, remove_bridge
from deployments.setup.endpoint import answers
from deployments.setup.place import Place
from tasks.model.errors import Unreachable

START_SECONDS = 60  # it takes 2 here; a slow disk may take more
STOP_SECONDS = 60  # it stops its containers first


def start(place: Place) -> None:
    """Start the engine of this place and wait until it answers. Raises Unreachable."""
    _clear_leftovers(place)
    make_bridge(place.bridge)
    place.data.mkdir(parents=True, exist_ok=True)
    with place.log.open("wb") as log:
        # a session of its own: ctrl-C must reach the tests, and the engine only after them
        process = subprocess.Popen(
            _command(place),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    if not _wait(lambda: process.poll() is not None or answers(place.host), START_SECONDS):
        stop(place)
        raise _did_not_start(place, f"no answer within {START_SECONDS} s")
    if process.poll() is not None:
        remove_bridge(place.bridge)
        raise _did_not_start(place, _last_complaint(place.log))


def stop(place: Place) -> None:
    """Stop the engine of this place with all that runs in it; harmless when none runs."""
    for name in ("docker.pid", "exec/containerd/containerd.pid"):
        pid = _pid_of_ours(place, place.run / name)
        if pid is not None:
            os.kill(pid, signal.SIGTERM)
            if not _wait(lambda pid=pid: not _alive(pid), STOP_SECONDS):  # type: ignore[misc] # mypy has no type for a default
                os.kill(pid, signal.SIGKILL)
    remove_bridge(place.bridge)
    place.socket.unlink(missing_ok=True)
    place.pidfile.unlink(missing_ok=True)


def _command(place: Place) -> list[str]:
    return [
        shutil.which("dockerd") or "/usr/sbin/dockerd",
        f"--host={place.host}",
        f"--data-root={place.data}",
        f"--exec-root={place.exec_root}",
        f"--pidfile={place.pidfile}",
        f"--bridge={place.bridge}",
        # ports published on 127.0.0.1 go through docker-proxy; nothing else of the machine changes
        "--iptables=false",
        "--ip6tables=false",
        "--ip-forward=false",
        "--ip-masq=false",
    ]


def _clear_leftovers(place: Place) -> None:
    """After kill -9: dockerd refuses to start while any process has the number in its pid file."""
    if _pid_of_ours(place, place.pidfile) is not None:
        if _wait(lambda: answers(place.host), START_SECONDS):
            return
        stop(place)
    place.pidfile.unlink(missing_ok=True)


def _pid_of_ours(place: Place, pidfile: Path) -> int | None:
    """The process of this file, when it is alive and really serves this place."""
    try:
        pid = int(pidfile.read_text())
        command = Path("/proc", str(pid), "cmdline").read_bytes()
    except (OSError, ValueError):
        return None
    return pid if str(place.exec_root).encode() in command else None


def _alive(pid: int) -> bool:
    try:
        state = Path("/proc", str(pid), "stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"


def _wait(ready: Callable[[], bool], seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if ready():
            return True
        time.sleep(0.1)
    return False


def _last_complaint(log: Path) -> str:
    lines = log.read_text(errors="replace").strip().splitlines()
    return lines[-1][:200] if lines else "it said nothing"


def _did_not_start(place: Place, why: str) -> Unreachable:
    return Unreachable(
        f"a private Docker engine did not start ({why})",
        f"start Docker yourself and try again; its log is {place.log}",
    )
