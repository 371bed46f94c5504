"""Start and stop a private Docker engine, by hand as facts/engine.md says."""

import json
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

from redis_dr.deployments.setup.bridge import make_bridge, remove_bridge
from redis_dr.deployments.setup.endpoint import answers
from redis_dr.deployments.setup.place import Place
from redis_dr.tasks.model.errors import Unreachable

START_SECONDS = 60  # it takes 2 here; a slow disk may take more
STOP_SECONDS = 60  # it stops its containers first
# It runs our images and nothing else. To compile the default filter takes 20 ms of CPU at each
# start of a program in a container, more than all the rest that runc does then.
_NO_FILTER = {"defaultAction": "SCMP_ACT_ALLOW", "syscalls": []}
# The engine and its helpers are short-lived Go programs: less garbage collection, more memory.
_GO = {"GOGC": "400"}


def start(place: Place) -> None:
    """Start the engine of this place and wait until it answers. Raises Unreachable."""
    # after kill -9: dockerd believes pid files as long as any process has the number in them
    stop(place)
    make_bridge(place.bridge)
    place.data.mkdir(parents=True, exist_ok=True)
    place.seccomp.write_text(json.dumps(_NO_FILTER))
    # else the engine gives the bridge its last address, which another engine may have by now
    (place.data / "network" / "files" / "local-kv.db").unlink(missing_ok=True)
    with place.log.open("wb") as log:
        # a session of its own: ctrl-C must reach the tests, and the engine only after them
        process = subprocess.Popen(
            _command(place),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            env={**os.environ, **_GO},
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
    for pidfile in (place.pidfile, place.exec_root / "containerd" / "containerd.pid"):
        pid = _pid_of_ours(place, pidfile)
        if pid is not None:
            os.kill(pid, signal.SIGTERM)
            if not _wait(lambda pid=pid: not _alive(pid), STOP_SECONDS):  # type: ignore[misc] # mypy has no type for a default
                os.kill(pid, signal.SIGKILL)
        pidfile.unlink(missing_ok=True)
    remove_bridge(place.bridge)
    _unmount(place.data)
    place.socket.unlink(missing_ok=True)


def _command(place: Place) -> list[str]:
    return [
        shutil.which("dockerd") or "/usr/sbin/dockerd",
        f"--host={place.host}",
        f"--data-root={place.data}",
        f"--exec-root={place.exec_root}",
        f"--pidfile={place.pidfile}",
        f"--bridge={place.bridge}",
        f"--seccomp-profile={place.seccomp}",
        # ports published on 127.0.0.1 go through docker-proxy; nothing else of the machine changes
        "--iptables=false",
        "--ip6tables=false",
        "--ip-forward=false",
        "--ip-masq=false",
    ]


def _unmount(folder: Path) -> None:
    """What a killed engine left mounted in its folder; a clean stop leaves nothing."""
    mounts = Path("/proc/self/mounts")
    fields = (line.split() for line in (mounts.read_text().splitlines() if mounts.exists() else ()))
    for inside in sorted(
        (one[1] for one in fields if one[1].startswith(str(folder))), reverse=True
    ):
        subprocess.run(["umount", "--lazy", inside], check=False, capture_output=True)


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
