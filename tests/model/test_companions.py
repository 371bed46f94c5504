"""When another server in the container shuts the gate of a restore, and when it is harmless."""

from dataclasses import replace

import pytest

from redis_dr.tasks.model.restore.instance_gates import InstanceFacts, instance_gates
from redis_dr.tasks.model.server.companions import (
    CHECK,
    Companion,
    ServerProcess,
    ServersInside,
    companions_gate,
)
from redis_dr.tasks.model.server.survey import Survey
from tests.model.test_other_actors import CONTAINER

OWN = ServerProcess(1, "redis-server *:6379", "/data", "8:1", (6379,))
SECOND = ServerProcess(12, "redis-server *:6380", "/data2", "8:2", (6380,))
LASTING = Companion(SECOND, answers=True, append_only=True, keys=5, port=6380)


def test_a_server_alone_in_its_container_opens_the_gate() -> None:
    """No other one; where the processes cannot be listed, the finding says so."""
    assert companions_gate(ServersInside(OWN), "weka", 6379).actual == "none"
    unknown = companions_gate(ServersInside(OWN, unknown="no shell"), "weka", 6379)
    assert (unknown.ok, unknown.actual) == (True, "unknown: no shell")


@pytest.mark.parametrize(
    ("other", "word"),
    [
        (LASTING, ""),
        (replace(LASTING, append_only=False), "5 keys may be in its memory only"),
        (replace(LASTING, append_only=False, keys=0), "0 keys may be in its memory only"),
        (replace(LASTING, append_only=False, master="127.0.0.1:6379"), ""),
        (replace(LASTING, append_only=False, master="127.0.0.1:6399"), "memory only"),
        (replace(LASTING, append_only=False, master="10.0.0.9:6379"), "memory only"),
        (replace(LASTING, process=replace(SECOND, place="8:1")), "same data directory"),
        (replace(LASTING, process=replace(SECOND, place="")), "is unknown"),
        (Companion(SECOND), "does not answer"),
        (Companion(replace(SECOND, title="redis-server *:26379 [sentinel]")), ""),
        (Companion(ServerProcess(3, "redis-sentinel *:26379")), ""),
    ],
)
def test_only_a_server_that_loses_nothing_is_harmless(other: Companion, word: str) -> None:
    """
    Its own directory and an append-only file, a replica of this server, a Sentinel: named, open.
    Everything else, also what is not known, shuts the gate, and the remedy names port and process.
    """
    facts = InstanceFacts(Survey(CONTAINER), "/data", servers=ServersInside(OWN, (other,)))
    finding = companions_gate(facts.servers, "weka", 6379)
    assert other.process.title in str(finding.actual)
    assert finding.ok is (not word)
    assert word in str(finding.actual)
    if word:
        assert "docker exec weka redis-cli -p 6380 SHUTDOWN SAVE" in finding.detail
        assert CHECK in {one.check for one in instance_gates(facts) if not one.ok}


def test_where_the_instance_does_not_answer_the_other_one_is_not_stopped() -> None:
    """A server serves in the container, and none at the url: whose data it holds is not known."""
    finding = companions_gate(ServersInside(None, (LASTING,)), "weka", 0)
    assert not finding.ok
    assert "unknown" in str(finding.actual)


@pytest.mark.parametrize(
    "title", ["redis-rdb-bgsave *:6379", "redis-aof-rewrite *:6379", "valkey-rdb-bgsave *:1"]
)
def test_the_fork_of_a_save_is_no_other_server(title: str) -> None:
    """It has the name of its server, and a title of its own."""
    assert ServerProcess(9, title).fork
    assert not SECOND.fork


@pytest.mark.parametrize(
    ("served", "start", "shut"),
    [("8:1", "8:1", False), ("8:1", "8:2", True), ("8:1", "9:1", True), ("8:1", "", False)],
)
def test_a_directory_that_was_replaced_is_seen_by_its_inode(
    served: str, start: str, shut: bool
) -> None:
    """The running server has one directory, a container that starts now another of that name."""
    facts = InstanceFacts(Survey(CONTAINER), "/data", served_place=served, start_place=start)
    bad = {one.check for one in instance_gates(facts) if not one.ok}
    assert ("the restart finds the directory that is served now" in bad) is shut
