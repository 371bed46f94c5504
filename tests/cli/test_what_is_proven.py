"""A flushed database and a failed drill, on real servers, as the commands show them."""

from collections.abc import Callable
from pathlib import Path

import pytest

from redis_dr.flows.cli.main import main
from tests.support.command_line import Answer
from tests.support.redis_server import PASSWORD, RedisServer

TOML = """
[instances.weka-line]
container = "{container}"
url = "{url}"
[store]
url = "file:store"
[drill]
negative_control = false
"""
Run = Callable[..., Answer]


@pytest.fixture
def run(
    filled: RedisServer,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Run:
    """The command line in this process, for a server with the runbook's keys."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("REDIS_PASSWORD", PASSWORD)
    Path("redis-dr.toml").write_text(TOML.format(container=filled.name, url=filled.url))

    def call(*arguments: str) -> Answer:
        code = main(arguments)
        printed = capsys.readouterr()
        return Answer(code, printed.out, printed.err)

    return call


def back_up(run: Run) -> str:
    """The ID of a new backup."""
    answer = run("--json", "backup")
    assert answer.code == 0, answer.err
    return str(answer.report["backup_id"])


def lasting_keys(server: RedisServer) -> set[bytes]:
    """DB 0 without the keys that expire while the test runs."""
    client = server.client()
    return {key for key in client.scan_iter() if not 0 <= client.ttl(key) <= 600}


def test_a_flushed_database_is_never_restored_by_accident(run: Run, filled: RedisServer) -> None:
    """
    Good backups, FLUSHALL, 5 more (the two good ones stand for the seven of tests/model): none of
    the five is usual or the latest. `restore latest` takes the last good one, and plan and report
    name the five. That restore proves it. A person accepts one of the five: it and the later ones
    are usual, the good one is still the latest proven.
    """
    keys = lasting_keys(filled)
    good = [back_up(run) for _ in range(2)]
    filled.client().flushall()
    empty = [back_up(run) for _ in range(5)]

    listed = {one["backup_id"]: one for one in run("--json", "list").report["backups"]}
    assert [bool(listed[name]["suspicious"]) for name in (*good, *empty)] == [False] * 2 + [
        True
    ] * 5
    assert run("--json", "check").code == 1
    assert run("restore", "latest-proven", "--dry-run").code == 2
    plan = run("restore", "latest", "--dry-run")
    assert f"restore {good[-1]} into" in plan.out
    assert all(f"SKIPPED, though newer: {name}" in plan.out for name in empty)
    assert "DB 0: 0 keys now" in plan.out

    restored = run("--json", "restore", "latest", "--confirm", "weka-line", "--no-safety-backup")
    assert restored.code == 0, restored.err
    assert list(restored.report["skipped"]) == empty[::-1]
    assert restored.report["backup_id"] == good[-1]
    assert lasting_keys(filled) == keys
    shown = run("--json", "show", "latest-proven").report
    assert (shown["manifest"]["backup_id"], shown["proof"]) == (good[-1], "proven")
    assert [proof["kind"] for proof in shown["proofs"]] == ["restore"]

    assert run("accept", "latest", "--reason", "meant").code == 2
    accepted = run("--json", "accept", empty[1], "--reason", "the cache was emptied").report
    assert accepted["still_suspicious"] == [empty[0]]
    assert run("--json", "show", "latest").report["manifest"]["backup_id"] == empty[-1]
    assert run("--json", "show", "latest-proven").report["manifest"]["backup_id"] == good[-1]
    assert "accepted: the cache was emptied" in run("show", empty[1]).out


def test_a_read_back_does_not_overrule_a_failed_drill(run: Run, tmp_path: Path) -> None:
    """
    A drill fails, the cause goes away, `verify` reads all files well: `list`, `check`, `prune` and
    `flush` still go by the drill. Only another drill outweighs it.
    """
    name = back_up(run)
    stored = tmp_path / "store" / "weka-line" / "backups" / name / "dump.rdb.zst"
    sound = stored.read_bytes()
    stored.chmod(0o600)
    stored.write_bytes(sound[:-1] + bytes([sound[-1] ^ 1]))
    assert run("drill", name[:-3]).code == 1
    stored.write_bytes(sound)
    assert run("verify", name).code == 0

    line = run("--json", "list").report["backups"][0]
    assert (line["proof"], line["proven_at"]) == ("disproven", None)
    assert line["failed_at"]
    assert line["verified_at"]
    assert f"NOT PROVEN: {name}: drill of" in run("list").out
    checked = run("--json", "check")
    found = {one["check"]: one for one in checked.report["findings"]}
    assert checked.code == 1
    assert not found["the last proof was good"]["ok"]
    assert f"{name}: drill of" in found["the last proof was good"]["actual"]
    assert not found["retention can work"]["ok"]
    assert checked.report["newest_proven_id"] is None
    assert "failed its last proof" in run("prune").out
    assert run("restore", "latest-proven", "--dry-run").code == 2

    assert run("drill", name).code == 0
    assert run("--json", "check").report["newest_proven_id"] == name
    assert run("--json", "list").report["backups"][0]["proof"] == "proven"
