"""A restore of a master that Sentinels watch, with a replica that would take its place."""

import re
import time
from pathlib import Path

import docker
import pytest

from redis_dr.flows.runbook.observe.check import check
from redis_dr.tasks.model.errors import Refused
from tests.support.managed_redis import changed, managed_redis
from tests.support.redis_server import PASSWORD
from tests.support.sentinel import DOWN_AFTER_SECONDS, MASTER, Watched, watched
from tests.support.waiting import wait_until

GATE = "no Sentinel watches the server"


def commands(remedy: str, word: str) -> list[list[str]]:
    """The redis-cli lines of the remedy that hold the word."""
    lines = re.findall(rf"redis-cli -h \S+ -p \d+ SENTINEL {word}[^;,]*", remedy)
    return [line.rstrip(".").replace("QUORUM", "1").split() for line in lines]


def test_a_watched_master_is_restored_only_once_its_sentinel_forgot_it(
    docker_client: docker.DockerClient, tmp_path: Path
) -> None:
    """
    Refused before the stop, with the commands; after exactly these the restore is proven, the
    replica copies the restored data, nobody is promoted, and the Sentinel watches again.
    """
    with watched(docker_client) as made:
        instance = managed_redis(made.master, tmp_path)
        made.master.client().mset({f"key:{n}": n for n in range(40)})
        saved, _ = changed(instance)
        running = instance.run_id()

        with pytest.raises(Refused, match=GATE) as caught:
            instance.restore()
        assert instance.run_id() == running
        gates = {finding.check: finding for finding in check(instance.instance).findings}
        assert not gates[GATE].ok

        remove = commands(caught.value.remedy, "REMOVE")
        again = commands(caught.value.remedy, "MONITOR")
        assert len(remove) == len(again) == 1
        assert made.sentinel_cli(*remove[0]) == "OK"
        wait_until(lambda: not sentinels(made), 10, "the Sentinel let go of the master")

        assert instance.restore().ok
        assert instance.digest() == saved
        wait_until(lambda: digest(made) == saved, 30, "the replica copied the restored data")
        assert made.sentinel_cli(*again[0]) == "OK"
        setting = ("SENTINEL", "SET", MASTER, "auth-pass", PASSWORD)
        assert made.sentinel_cli("redis-cli", "-p", "26379", *setting) == "OK"
        wait_until(lambda: sentinels(made), 10, "the Sentinel watches again")
        end = time.monotonic() + 4 * DOWN_AFTER_SECONDS
        while time.monotonic() < end:
            assert made.master.client().info("replication")["role"] == "master"
        assert instance.digest() == saved


def sentinels(made: Watched) -> list[str]:
    """Names of their connections to the master, by redis-py."""
    names = [client["name"] for client in made.master.client().client_list()]
    return [name for name in names if name.startswith("sentinel-")]


def digest(made: Watched) -> str:
    return str(made.replica.client().execute_command("DEBUG", "DIGEST"), "ascii")
