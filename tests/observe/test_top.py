"""Monitoring without harm: top, slow log, clients, a bounded MONITOR."""

import threading

import hypothesis.strategies as st
import pytest
from hypothesis import given

from redis_dr.flows.runbook.observe.monitor import monitor
from redis_dr.flows.runbook.observe.top import top
from redis_dr.tasks.model.errors import UsageError
from redis_dr.tasks.model.observe.monitor import Tally, unescaped
from redis_dr.tasks.model.observe.top import masked
from tests.support.redis_server import PASSWORD


def test_the_biggest_key_is_found_and_named(filled, instance):
    """A list of 2,000 elements stands first, with type and size; patterns share the rest."""
    filled.client().rpush("queue:ingest:pending", *("element" * 5 for _ in range(2000)))

    report = top(instance, 0, 10_000, 5)

    assert report.ok
    first = report.biggest[0]
    assert (first.key, first.type) == ("queue:ingest:pending", "list")
    assert first.bytes > 50_000
    assert len(report.biggest) == 5
    assert report.sampled == report.keys
    assert report.patterns[0].pattern == "queue:ingest:pending"
    assert sum(item.keys for item in report.patterns) == report.sampled
    assert abs(sum(item.share for item in report.patterns) - 1) < 0.01


def test_a_sample_is_a_bound_and_is_called_one(filled, instance):
    """Fifty keys asked for, fifty weighed; the finding says that it is a sample."""
    report = top(instance, 0, 50, 5)

    assert report.sampled == 50
    assert "sample" in report.findings[0].detail


def test_slow_commands_are_listed_without_secrets(clean, instance):
    """With a threshold of 0 every command is slow: AUTH and CONFIG SET show no argument."""
    client = clean.client()
    client.config_set("slowlog-log-slower-than", 0)
    try:
        client.execute_command("AUTH", PASSWORD)
        client.config_set("masterauth", "hunter2-of-the-master")
        client.get("some:key")
    finally:
        client.config_set("slowlog-log-slower-than", 10_000)

    report = top(instance, 0, 10, 50)

    assert any(slow.command == "GET some:key" for slow in report.slow)
    assert "hunter2" not in report.model_dump_json()
    assert PASSWORD not in report.model_dump_json()


def test_clients_are_summed_by_host(clean, instance):
    """Three named connections from here are one line."""
    clients = [clean.client() for _ in range(3)]
    for client in clients:
        client.client_setname("worker")

    report = top(instance, 0, 10, 10)

    line = next(line for line in report.clients if line.name == "worker")
    assert line.connections == 3
    assert report.connections >= 4


@pytest.mark.parametrize(
    "command",
    [
        "AUTH hunter2",
        "auth default hunter2",
        "HELLO 3 AUTH default hunter2",
        "CONFIG SET requirepass hunter2",
        "config  set masterauth hunter2",
        "ACL SETUSER bob on >hunter2 ~* +@all",
        "MIGRATE h 6379 k 0 100 AUTH hunter2",
        "AUTH\nhunter2",
        "SET session:1 hunter2 EX 60",
        "HSET user:1 password hunter2",
        "RPUSH queue a hunter2",
        "EVAL hunter2 1 key",
        "PUBLISH news hunter2",
        "ECHO hunter2",
        "SCRIPT LOAD hunter2",
        "SENTINEL SET main auth-pass hunter2",
        "a.command.of.a.module key hunter2",
    ],
)
def test_secrets_of_every_kind_are_masked(command):
    """Passwords and values: of a command its name and its first key are shown."""
    assert "hunter2" not in masked(command)
    assert masked(command).endswith("***")


@given(st.text(max_size=300))
def test_a_shown_command_is_one_short_printable_line(command):
    """For every text: no control character, and not long."""
    shown = masked(command)

    assert len(shown) <= 110
    assert all(character.isprintable() for character in shown)


def test_monitor_sums_up_by_command_and_pattern(filled, instance):
    """Half a second of traffic: counted by command, key pattern and database; it ends by itself."""
    over = threading.Event()

    def traffic() -> None:
        first, third = filled.client(), filled.client(2)
        while not over.is_set():
            first.get("query:cache:0000000000000001")
            first.set("doc:cache:doc-1", 'a "quoted" value \\ of bytes \x00', ex=60)
            third.get("session:1")

    thread = threading.Thread(target=traffic)
    thread.start()
    try:
        report = monitor(instance, 0.5, 100_000)
    finally:
        over.set()
        thread.join()

    counts = {share.name: share.count for share in report.commands}
    patterns = {share.name: share.count for share in report.patterns}
    assert report.ok
    assert {"get", "set"} <= counts.keys()
    assert "?" not in counts
    assert {"query:cache:{query_hash}", "doc:cache:{doc_id}", ""} <= patterns.keys()
    assert {0, 2} <= report.databases.keys()
    assert abs(counts["get"] / counts["set"] - 2) < 0.2
    assert "quoted" not in report.model_dump_json()


def test_monitor_hangs_up_at_its_limit(filled, instance):
    """After so many commands it ends at once, and the server has no monitor left."""
    over = threading.Event()

    def traffic() -> None:
        client = filled.client()
        while not over.is_set():
            client.get("query:cache:0000000000000001")

    thread = threading.Thread(target=traffic)
    thread.start()
    try:
        report = monitor(instance, 30, 100)
    finally:
        over.set()
        thread.join()

    assert report.cut
    assert report.seen == 100
    assert report.watched_seconds < 10
    assert not any("O" in line["flags"] for line in filled.client().client_list())


def test_a_quiet_server_is_listened_to_for_the_time(clean, instance):
    """No traffic is an answer, too."""
    report = monitor(instance, 0.3, 100)

    assert report.ok
    assert report.seen == 0
    assert report.watched_seconds >= 0.3


@pytest.mark.parametrize("seconds", [0, -1, 61])
def test_monitor_for_ever_is_refused(instance, seconds):
    """It slows the server for everybody: a minute at most."""
    with pytest.raises(UsageError):
        monitor(instance, seconds, 100)


@given(st.binary(max_size=40))
def test_keys_come_back_from_monitor_s_escapes(key):
    """For every key: what MONITOR writes, read back, is the key."""
    plain = {b"\n": b"\\n", b"\r": b"\\r", b"\t": b"\\t", b"\a": b"\\a", b"\b": b"\\b"}
    written = b"".join(
        plain.get(byte)
        or (b"\\" + byte if byte in (b'"', b"\\") else None)
        or (byte if 32 <= byte[0] < 127 else b"\\x%02x" % byte[0])
        for byte in (key[i : i + 1] for i in range(len(key)))
    )
    tally = Tally(rules=())

    tally.add(b'1795387093.313 [3 127.0.0.1:5555] "SET" "' + written + b'" "v"')

    assert unescaped(written) == key
    assert tally.commands == {"set": 1}
    assert tally.databases == {3: 1}
