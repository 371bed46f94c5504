"""Every container that redis-dr starts beside production is confined, as the engine itself says."""

import contextlib
import secrets
from collections.abc import Iterator
from typing import Any

import docker
import pytest

from redis_dr.flows.runbook.drill.drill import DrillOptions, drill
from redis_dr.tasks.engine.container import inspect
from redis_dr.tasks.engine.helper import hold
from redis_dr.tasks.engine.sandbox import Sandbox, SandboxSpec, sandbox, sandbox_name
from redis_dr.tasks.model.errors import Refused
from redis_dr.tasks.model.server.holder import Holder
from redis_dr.tasks.model.server.throwaway import Memory
from tests.support.containers_seen import Seen, containers_seen
from tests.support.instances import Make
from tests.support.managed_redis import ManagedRedis, fill

FILES = {"CAP_CHOWN", "CAP_DAC_OVERRIDE", "CAP_FOWNER"}
START = FILES | {"CAP_KILL", "CAP_SETGID", "CAP_SETPCAP", "CAP_SETUID"}
MIB = 2**20


def rights(host: dict[str, Any]) -> set[str]:
    assert [name.upper() for name in host["CapDrop"]] == ["ALL"]
    return {f"CAP_{name.upper().removeprefix('CAP_')}" for name in host["CapAdd"] or ()}


def writable(seen: dict[str, Any]) -> list[str]:
    return [mount["Destination"] for mount in seen["Mounts"] if mount["RW"]]


def volumes_of(seen: dict[str, Any]) -> set[str]:
    """What it sees, as the engine's host names it."""
    return {mount.get("Name") or mount["Source"] for mount in seen["Mounts"]} - {"/usr/share"}


def writable_volumes(seen: dict[str, Any]) -> set[str]:
    return volumes_of({"Mounts": [mount for mount in seen["Mounts"] if mount["RW"]]})


def assert_confined(seen: dict[str, Any], allowed: set[str]) -> None:
    host = seen["HostConfig"]
    assert seen["State"]["Running"], seen["Name"]
    assert host["NetworkMode"] == "none"
    assert rights(host) == allowed
    assert not host["Privileged"]
    assert host["PidsLimit"]


def assert_server(seen: dict[str, Any], allowed: set[str] | None = None) -> None:
    """A throwaway server: bounded in memory, and the first that the kernel ends."""
    assert_confined(seen, allowed or set())
    host = seen["HostConfig"]
    assert host["Memory"] > 0
    assert host["MemorySwap"] == host["Memory"]
    assert host["OomScoreAdj"] == 1000


def assert_not_root(seen: dict[str, Any]) -> None:
    assert seen["Config"]["User"].split(":")[0] not in {"", "0", "root"}
    assert seen["HostConfig"]["SecurityOpt"] == ["no-new-privileges"]


def restored_and_drilled(made: ManagedRedis) -> None:
    """All kinds of throwaway containers: the key's name is one that only a server can read."""
    client = made.server.client()
    fill(made.server, 20)
    client.set(b"k" * 17_000_000, "value")
    client.bgrewriteaof()
    made.backup()
    assert made.restore(source="aof", safety_backup=False).ok
    # a drill reads every key itself
    made.server.client().delete(b"k" * 17_000_000)
    options = DrillOptions(backup=made.backup().backup_id, control=False)
    assert drill(made.instance, options).proven
    settings = made.instance.drill.model_copy(update={"image": "redis-dr/redis:8.0"})
    other = made.instance.model_copy(update={"drill": settings})
    assert drill(other, options).proven


def test_every_throwaway_container_is_confined(
    make_redis: Make, docker_client: docker.DockerClient
) -> None:
    """
    Trial, replay, policies by a server, the container's own start, a drill's servers, the helper
    and the reader of mounts: no network, no capabilities but those that its work needs; a server
    has a memory limit, is not root, and writes to the data directory alone.
    """
    mount = {"/usr/share": {"bind": "/extra", "mode": "rw"}}
    made = make_redis(
        "--proto-max-bulk-len",
        "64mb",
        fields={"name": f"confined-{secrets.token_hex(4)}"},
        volumes=mount,
    )
    with containers_seen(docker_client) as seen:
        restored_and_drilled(made)

    for folder in ("/replay", "/filter", "/trial"):
        server = seen.of(f"{made.server.name}.redis-dr.trial", folder)
        assert_server(server)
        assert_not_root(server)
        assert writable(server) == ["/data"]
    own = seen.of(".redis-dr.next")
    assert_server(own, START)
    assert not writable_volumes(own) & volumes_of(server)
    assert_drilled(seen, made)
    assert_confined(seen.of(f"{made.server.name}.redis-dr"), FILES)
    reader = seen.of(".redis-dr.look-")
    assert_confined(reader, FILES)
    assert writable(reader) == []


def assert_drilled(seen: Seen, made: ManagedRedis) -> None:
    """A drill's servers see nothing of the instance but files that are read."""
    by_manifest = seen.of(".server", "--aof-use-rdb-preamble")
    assert_server(by_manifest)
    assert_not_root(by_manifest)
    servers = [each for each in seen.started if each["Name"].endswith(".server")]
    own = [each for each in servers if each["Args"] != by_manifest["Args"]]
    assert own
    for each in own:
        assert_server(each, START)
    volumes = volumes_of(seen.of(f"{made.server.name}.redis-dr.trial"))
    for each in servers:
        assert not volumes & volumes_of(each)
        assert writable(each) in ([], ["/data"])
    assert_confined(seen.of(f"redis-dr.drill.{made.instance.name}.redis-dr"), FILES)


@contextlib.contextmanager
def sandbox_of(made: ManagedRedis, memory: Memory) -> Iterator[Sandbox]:
    """An empty server beside the instance."""
    target = inspect(made.server.name)
    holder = Holder.this_process("test", "20261122T000000Z-abcdef", "weka-redis")
    with hold(target, holder, 60) as helper:
        spec = SandboxSpec(
            name=sandbox_name(target.name),
            image=target.image_id,
            arguments=("--save", "", "--dir", "/tmp"),  # noqa: S108 in the container
            user="999:999",
            volumes_from=target.id,
            beside=helper.id,
            memory=memory,
        )
        with sandbox(spec) as server:
            yield server


def take_memory(server: Sandbox) -> None:
    """160 MiB."""
    for number in range(20):
        server.cli("SETRANGE", f"big:{number}", str(8 * MIB), "x")


def test_a_server_over_its_memory_limit_is_no_verdict(shared_redis: ManagedRedis) -> None:
    """
    A throwaway server that its limit ended says so: the files may be good.
    """
    with sandbox_of(shared_redis, Memory(MIB, 24 * MIB)) as server:
        server.wait_until_ready(30)
        with pytest.raises(Refused, match="more memory than its limit"):
            take_memory(server)


def test_a_host_without_memory_starts_no_server(shared_redis: ManagedRedis) -> None:
    """
    The need is compared with what the engine's host has, before a container is created.
    """
    engine = shared_redis.server.engine
    with (
        pytest.raises(Refused, match="of memory available"),
        sandbox_of(shared_redis, Memory(2**50, 2**50)),
    ):
        pytest.fail("it started")
    assert not engine.containers.list(all=True, filters={"name": r"\.redis-dr\.trial"})
