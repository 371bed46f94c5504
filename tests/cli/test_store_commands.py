"""The store's commands as people call them: exit codes, one JSON document, sentences, speed."""

import os
import re
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest

from redis_dr.tasks.model.backup.store_layout import backup_prefix
from redis_dr.tasks.model.settings.store import StoreSettings
from tests.support.backups import NAME, NOON, store_backup
from tests.support.command_line import CommandLine

TOML = f"""
[instances."{NAME}"]
container = "{NAME}"
[store]
url = "file:store"
[retention]
keep_last = 1
keep_hourly = 0
keep_daily = 0
keep_weekly = 0
"""


@pytest.fixture
def line(tmp_path: Path) -> CommandLine:
    """A configuration with a directory store beside it."""
    return CommandLine(tmp_path).write(TOML)


@pytest.fixture
def how(tmp_path: Path) -> StoreSettings:
    """The same store, seen from the tests."""
    return StoreSettings(url=f"file:{tmp_path}/store")


def test_the_life_of_some_backups(line: CommandLine, how: StoreSettings, tmp_path: Path) -> None:
    """list, show, verify, pin, prune, unpin, copy, doctor: each with its report."""
    old, new = (store_backup(how, NOON - timedelta(days=days)).backup_id for days in (2, 1))

    listed = line.report("list")["backups"]
    assert [one["backup_id"] for one in listed] == [new, old]
    assert listed[0].keys() >= {
        "backup_id",
        "created_at",
        "size",
        "stored_size",
        "keys",
        "proven_at",
        "pinned",
    }
    assert line.report("show", old)["manifest"]["backup_id"] == old
    assert [one["ok"] for one in line.report("verify", "--all")["backups"]] == [True, True]
    shown = line.report("show")
    assert shown["verified_at"]
    assert (shown["proof"], shown["proven_at"]) == ("unproven", None)
    assert line.report("pin", old, "--reason", "audit")["pinned"]
    assert line.report("prune", "--apply")["removed"] == []
    assert not line.report("unpin", old)["pinned"]
    assert [one["backup_id"] for one in line.report("prune")["removed"]] == [old]
    assert line.report("prune", "--apply")["applied"]
    assert [one["backup_id"] for one in line.report("list")["backups"]] == [new]
    assert line.report("copy", new, "--to", f"file:{tmp_path}/second")["files"] == 2
    assert line.report("doctor")["ok"]


def test_people_get_sentences(line: CommandLine, how: StoreSettings) -> None:
    """Without --json the same in lines, marks included."""
    one = store_backup(how, suspicious=("DB 0: 1 keys, usually 50",)).backup_id
    line.run("pin", one)
    listed = line.run("list").out
    assert one in listed
    assert "pinned" in listed
    assert "SUSPICIOUS" in listed
    shown = line.run("show", one).out
    assert "51 keys" in shown
    assert "unproven: it was never drilled" in shown
    assert "FROZEN" in line.run("prune").out
    assert "all that was read is sound" in line.run("verify", one).out
    assert re.search(r"read back \d+ s ago", line.run("show", one).out)


def test_bad_news_has_its_exit_code(line: CommandLine, how: StoreSettings, tmp_path: Path) -> None:
    """0 to 6 as the contract says, one sentence of what happened and one of what to do."""
    for command, code in (("list", 0), ("show", 2), ("verify", 2)):
        answer = line.run(command)
        assert answer.code == code, answer
    assert "What to do" in line.run("show").err
    assert line.run("verify", "--part", "9/7").code == 2
    assert line.run("copy", "--to", "ftp://x").code == 2

    made = store_backup(how, suspicious=("odd",))
    assert line.run("prune").code == 1
    path = tmp_path / "store" / backup_prefix(NAME, made.backup_id) / "dump.rdb.zst"
    path.write_bytes(path.read_bytes()[::-1])
    assert line.run("verify", made.backup_id).code == 6
    path.unlink()
    assert line.run("show", made.backup_id).code == 6
    line.write(TOML.replace("file:store", "file:redis-dr.toml"))
    for command in ("doctor", "verify", "list", "prune"):
        assert line.run(command).code == 5, command


def test_list_needs_no_orchestrator_and_no_patience(line: CommandLine, how: StoreSettings) -> None:
    """Below 1.5 s of processor time, start-up included: that does not depend on the neighbours."""
    store_backup(how)
    before = os.times()
    assert line.run("list").code == 0
    after = os.times()
    spent = after.children_user + after.children_system
    assert spent - before.children_user - before.children_system < 1.5


def test_list_imports_no_heavy_library(line: CommandLine, how: StoreSettings) -> None:
    """Prefect, boto3, docker and redis would cost more than the listing itself."""
    store_backup(how)
    code = (
        "import sys; from redis_dr.flows.cli.main import main; main(['--json', 'list']); print("
        "sorted({'prefect', 'boto3', 'docker', 'redis', 'rich'} & sys.modules.keys()))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=line.folder, capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines()[-1] == "[]"
