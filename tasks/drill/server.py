"""Boot what was restored on the ground of a drill, ask what it holds, and boot it again."""

import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from shutil import copyfileobj

from redis_dr.tasks.engine.files import Owner
from redis_dr.tasks.engine.helper import Helper
from redis_dr.tasks.engine.own_start import OwnStart, own_start
from redis_dr.tasks.engine.sandbox import (
    Sandbox,
    SandboxFailed,
    SandboxSpec,
    data_volume,
    sandbox,
)
from redis_dr.tasks.engine.scratch import LABEL, server_name
from redis_dr.tasks.model.backup.manifest import Manifest
from redis_dr.tasks.model.server.container import ContainerState
from redis_dr.tasks.model.server.target import Target
from redis_dr.tasks.model.server.throwaway import Memory
from redis_dr.tasks.model.settings.drill import DrillSettings
from redis_dr.tasks.model.timings import Timings
from redis_dr.tasks.step import step

_CHUNK = 2**20
_MARGIN_SECONDS = 2  # what expires around a save is left out on both sides


@dataclass(frozen=True, slots=True)
class Stage:
    """What is booted, and where."""

    container: ContainerState  # of the ground: its image and its volumes
    instance: str
    target: Target
    arguments: tuple[str, ...]  # of the server
    owner: Owner
    memory: Memory
    beside: str  # the helper container: it runs where the server will
    settings: DrillSettings
    own: OwnStart | None = None  # the container's own start; None: it cannot be made here


def effective(manifest: Manifest) -> tuple[str, ...]:
    """Settings of the backed-up server that decide what a load and a save do."""
    settings = manifest.persistence
    return (
        *("--databases", str(settings.databases)),
        *("--aof-use-rdb-preamble", _yes(settings.aof_use_rdb_preamble)),
        *("--aof-timestamp-enabled", _yes(settings.aof_timestamp_enabled)),
        *("--rdbchecksum", _yes(settings.rdbchecksum)),
        *("--rdbcompression", _yes(settings.rdbcompression)),
        *(("--cluster-enabled", "yes") if settings.cluster_enabled else ()),
    )


@contextmanager
def booted(stage: Stage, timings: Timings) -> Iterator[Sandbox]:
    """A server on the restored files, until the block ends; then it is killed, never stopped.

    Times `boot` (until it answers) and `load` (until it serves). Raises SandboxFailed.
    """
    with ExitStack() as opened:
        with timings.measure("boot"):
            server = opened.enter_context(_own(stage) if stage.own else _recorded(stage))
        with timings.measure("load"):
            server.wait_until_ready(stage.settings.start_timeout_seconds)
        yield server


@contextmanager
def _own(stage: Stage) -> Iterator[Sandbox]:
    """The server that the container's own start brings."""
    assert stage.own is not None  # noqa: S101 the caller looked
    with own_start(stage.own, stage.settings.start_timeout_seconds) as (server, _):
        # a gate has judged maxmemory; what is evicted here would only blur the comparison
        server.ask("CONFIG", "SET", "maxmemory", "0")
        yield server


@contextmanager
def _recorded(stage: Stage) -> Iterator[Sandbox]:
    """A server with the settings that the manifest recorded."""
    spec = SandboxSpec(
        name=server_name(stage.instance),
        image=stage.container.image_id,
        arguments=stage.arguments,
        user=stage.owner.text,
        volumes_from=stage.container.id,
        lease_seconds=stage.settings.lease_seconds,
        beside=stage.beside,
        volumes=data_volume(stage.container, stage.target.dir),
        memory=stage.memory,
        labels=((LABEL, stage.instance),),
    )
    deadline = time.monotonic() + stage.settings.start_timeout_seconds
    with sandbox(spec) as server:
        _until_it_answers(server, deadline)
        yield server


def _until_it_answers(server: Sandbox, deadline: float) -> None:
    while time.monotonic() < deadline:
        try:
            server.cli("PING")
        except SandboxFailed as error:
            if "LOADING" in error.problem:
                return
            if "refused" not in error.problem:
                return  # the wait for the load tells what is wrong, with the server's log
        else:
            return


@step
def save(server: Sandbox, helper: Helper, stage: Stage, copy: Path) -> int:
    """SAVE there and bring the file here. Returns the moment (Unix ms) to compare the content at.

    What expires before that moment is left out of the comparison on both sides.
    """
    _save_now(server, stage.settings.start_timeout_seconds)
    # by the clock of the engine's host, as the server's: TIME may be denied there
    cut_ms = (int(helper.run("date +%s")) + _MARGIN_SECONDS) * 1000
    path = f"{stage.target.dir}/{stage.target.dump}"
    size = int(helper.run('stat -c %s "$1"', path))
    with helper.open(path, size) as source, copy.open("wb") as sink:
        copyfileobj(source, sink, _CHUNK)
    return cut_ms


def _save_now(server: Sandbox, seconds: float) -> None:
    """SAVE; where it is denied or renamed away, BGSAVE. Raises SandboxFailed."""
    code, answer = server.ask("SAVE")
    if code == 0:
        return
    if "unknown command" not in answer and "NOPERM" not in answer:
        raise SandboxFailed(f"{server.name}: SAVE: {answer}", "see the free space of the engine")
    server.cli("BGSAVE")
    deadline = time.monotonic() + seconds
    while (state := server.info("persistence")).get("rdb_bgsave_in_progress") != "0":
        if time.monotonic() > deadline:
            raise SandboxFailed(f"{server.name}: BGSAVE does not end", "see the engine's load")
        time.sleep(0.1)
    if state.get("rdb_last_bgsave_status") != "ok":
        raise SandboxFailed(f"{server.name}: BGSAVE failed", "see the free space of the engine")


@step
def loaded_keys(server: Sandbox) -> int:
    """How many keys the server itself counted while it loaded, expired ones included."""
    return server.loaded_keys()


@step
def write_mark(server: Sandbox, stage: Stage, mark: str) -> None:
    """Write one key, and see to it that the file system has it: a kill follows."""
    server.cli("SET", mark, "kept")
    if not stage.target.appendonly:
        _save_now(server, stage.settings.start_timeout_seconds)
        return
    deadline = time.monotonic() + stage.settings.start_timeout_seconds
    # the append-only file is written before the answer, unless a flush is just going on
    while server.info("persistence").get("aof_buffer_length", "0") != "0":
        if time.monotonic() > deadline:
            raise SandboxFailed(
                "the throwaway server does not write its append-only file",
                "see the free space of the engine's volumes",
            )
        time.sleep(0.05)


@step
def take_mark(server: Sandbox, mark: str) -> str:
    """What the key holds after the restart; then it is removed again."""
    answer = server.cli("GET", mark)
    server.cli("DEL", mark)
    return answer


def _yes(value: bool) -> str:  # noqa: FBT001 one value in, one word out
    return "yes" if value else "no"
