"""A master, its replica and a Sentinel that watches them, each in a container of its own."""

import secrets
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

import docker
from docker.models.containers import Container

from redis_dr.deployments.demo.instance import RUNBOOK_ARGS
from tests.support.instances import DEBUG
from tests.support.leftovers import labels, remove_container
from tests.support.redis_server import DEFAULT_IMAGE, PASSWORD, RedisServer, start_redis
from tests.support.waiting import wait_until

MASTER = "shop"  # as the Sentinel calls it
DOWN_AFTER_SECONDS = 1
_CONFIGURATION = f"""
port 26379
sentinel monitor {MASTER} {{master}} 6379 1
sentinel auth-pass {MASTER} "{PASSWORD}"
sentinel down-after-milliseconds {MASTER} {DOWN_AFTER_SECONDS * 1000}
sentinel failover-timeout {MASTER} 5000
"""


@dataclass(frozen=True, slots=True)
class Watched:
    """Three containers on one network."""

    master: RedisServer
    replica: RedisServer
    sentinel: Container

    def sentinel_cli(self, *command: str) -> str:
        """What the Sentinel answers, asked in its container."""
        result = self.sentinel.exec_run([*command])
        return str(result.output, "utf-8").strip()


@contextmanager
def watched(engine: docker.DockerClient) -> Iterator[Watched]:
    """Start them, and wait until the Sentinel knows the replica."""
    with ExitStack() as started:
        network = engine.networks.create(f"redis-dr-test-{secrets.token_hex(4)}", labels=labels())
        started.callback(network.remove)
        options = {
            "network": network.name,
            "restart_policy": {"Name": "unless-stopped"},
        }
        shared = [*RUNBOOK_ARGS, *DEBUG, "--masterauth", PASSWORD]
        master = start_redis(engine, args=shared, **options)
        started.callback(master.remove)
        address = _address(master.container, str(network.name))
        replica = start_redis(engine, args=[*shared, "--replicaof", address, "6379"], **options)
        started.callback(replica.remove)
        script = 'printf "%s" "$1" > /tmp/s.conf; exec redis-server /tmp/s.conf --sentinel'
        sentinel = engine.containers.run(
            DEFAULT_IMAGE,
            entrypoint=["sh", "-c", script, "sentinel", _CONFIGURATION.format(master=address)],
            command=[],
            name=f"{master.name}-sentinel",
            network=network.name,
            labels=labels(),
            detach=True,
        )
        started.callback(remove_container, sentinel)
        made = Watched(master, replica, sentinel)
        wait_until(lambda: _knows_replica(made), 40, "the Sentinel knows the replica")
        yield made


def _address(container: Container, network: str) -> str:
    return str(container.attrs["NetworkSettings"]["Networks"][network]["IPAddress"])


def _knows_replica(made: Watched) -> bool:
    answer = made.sentinel_cli("redis-cli", "-p", "26379", "SENTINEL", "REPLICAS", MASTER)
    return "slave" in answer and "master-link-status\nok" in answer
