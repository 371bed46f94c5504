"""Start a throwaway container as a container itself starts: its command, files and environment.

It has no network and no data of the instance. Its first process is what the instance's own start
makes it, so the watch over its owner's heartbeat is a second program in it.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

from redis_dr.tasks.engine.client import engine
from redis_dr.tasks.engine.confinement import judged_limit, start_rights, throwaway
from redis_dr.tasks.engine.errors import engine_errors
from redis_dr.tasks.engine.heartbeat import BEAT_FILE, Heartbeat
from redis_dr.tasks.engine.inside import accesses
from redis_dr.tasks.engine.sandbox import (
    LABEL,
    SERVES,
    Access,
    Sandbox,
    SandboxFailed,
    remove_sandbox,
)
from redis_dr.tasks.engine.shell import Shell
from redis_dr.tasks.engine.start_files import StartFiles, mounted_read_only
from redis_dr.tasks.model.errors import RedisDrError, Unreachable
from redis_dr.tasks.model.server.container import ContainerState
from redis_dr.tasks.model.server.throwaway import Memory, memory_without_data

_POLL_SECONDS = 0.1
_NO_PROGRAM = 127  # exit code of a shell

# ends the server when nobody beats any more; a shell as first process goes at the next start
_WATCH = f"""
last=none; idle=0
while [ "$idle" -lt "$1" ]; do
  now=$(cat {BEAT_FILE} 2>/dev/null || echo none)
  if [ "$now" = "$last" ]; then idle=$((idle + 1)); else idle=0; last=$now; fi
  sleep 1
done
kill -TERM 1; kill -KILL -1
"""


@dataclass(frozen=True, slots=True)
class OwnStart:
    """Whose start is made, under which name, and on which data."""

    container: ContainerState
    name: str
    files: StartFiles
    beside: str  # a container that runs on the engine's host, to look at its memory
    volume: tuple[str, str] | None = None  # (volume name, path inside): its data; None: nothing
    lease_seconds: int = 60
    memory: Memory = field(default_factory=memory_without_data)
    labels: tuple[tuple[str, str], ...] = ()
    tls: tuple[str, ...] = ()  # arguments of the client where the server speaks only TLS
    login: Access = field(default_factory=Access)


def next_start_name(container: str) -> str:
    """The throwaway start of an operation that holds the instance: one at a time."""
    return f"{container}.redis-dr.next"


@contextmanager
def own_start(start: OwnStart, seconds: float) -> Iterator[tuple[Sandbox, float]]:
    """The server, and the seconds until it answered. It may still be loading then.

    Raises SandboxFailed with the log when no server answers in `seconds`: then it is not known
    what the container's own start brings, it may need its network.
    """
    remove_sandbox(start.name)
    container_id = _create(start)
    heartbeat, shell = Heartbeat(container_id, start.lease_seconds / 5), Shell(container_id)
    try:
        begun = time.monotonic()
        with engine_errors(f"starting {start.name}"):
            engine().api.start(container_id)
        server = Sandbox(container_id, start.name, shell)
        _watch(server, heartbeat, start.lease_seconds)
        server = _until_it_answers(server, start, begun + seconds)
        yield server, round(time.monotonic() - begun, 2)
    finally:
        heartbeat.stop()
        shell.close()
        remove_sandbox(container_id)


def _create(start: OwnStart) -> str:
    api = engine().api
    with engine_errors(f"looking at container {start.container.name}"):
        inspected = api.inspect_container(start.container.id)
    config = inspected["Config"]
    limit = judged_limit(start.memory, start.beside)
    with engine_errors(f"making {start.name}"):
        made = api.create_container(
            inspected["Image"],
            name=start.name,
            entrypoint=[inspected["Path"]],
            command=inspected["Args"] or [],
            environment=config.get("Env") or [],
            user=config.get("User") or None,
            working_dir=config.get("WorkingDir") or None,
            hostname=config.get("Hostname") or None,
            tty=bool(config.get("Tty")),
            labels={LABEL: start.name, **dict(start.labels)},
            network_disabled=True,
            healthcheck={"test": ["NONE"]},
            host_config=_host(inspected, start, limit),
        )
    container_id = str(made["Id"])
    try:
        start.files.archive.seek(0)
        with engine_errors(f"copying files into {start.name}"):
            api.put_archive(container_id, "/", start.files.archive)
    except Unreachable:
        remove_sandbox(container_id)
        raise
    return container_id


def _host(inspected: dict[str, Any], start: OwnStart, limit: int) -> dict[str, Any]:
    """Its own options, as far as they decide what a start does; at most its own rights."""
    host = inspected["HostConfig"]
    binds = mounted_read_only(inspected, start.files.big)
    if start.volume:
        binds.append(f"{start.volume[0]}:{start.volume[1]}")
    return throwaway(
        limit,
        start_rights(host),
        binds=binds or None,
        tmpfs=host.get("Tmpfs") or None,
        ulimits=host.get("Ulimits"),  # the open files decide how many clients there may be
        init=host.get("Init"),
        group_add=host.get("GroupAdd"),
        security_opt=host.get("SecurityOpt"),
    )


def _watch(server: Sandbox, heartbeat: Heartbeat, lease_seconds: int) -> None:
    try:
        heartbeat.start()
        api = engine().api
        with engine_errors(f"watching over {server.name}"):
            watch = ["sh", "-c", _WATCH, "watch", str(lease_seconds)]
            made = api.exec_create(server.id, watch, user="0")
            api.exec_start(made["Id"], detach=True)
    except RedisDrError:
        if server.alive():
            raise  # else it has ended already, and the wait for it tells why


def _until_it_answers(server: Sandbox, start: OwnStart, deadline: float) -> Sandbox:
    while True:
        for access in accesses(server.id, start.login, start.tls):
            reached = replace(server, access=access)
            code, answer = reached.ask("PING")
            if SERVES.search(answer) or "LOADING" in answer:
                return reached
            if code == _NO_PROGRAM:
                raise SandboxFailed(
                    f"{server.name} cannot be asked: its image has neither redis-cli nor "
                    "valkey-cli",
                    "build the image with its client, so that a restart can be tried",
                )
        if not server.alive() or time.monotonic() > deadline:
            raise SandboxFailed(
                f"no server answers in {server.name}, which was started as "
                f"{start.container.name} starts: {server.log() or 'its log is empty'}",
                "an entrypoint that needs the network cannot be tried here",
            )
        time.sleep(_POLL_SECONDS)
