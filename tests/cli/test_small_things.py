"""What commands say when they are stopped, read nothing, or share a metrics file."""

import os
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from redis_dr import api
from redis_dr.flows.cli import app as command_line
from redis_dr.flows.cli.main import main
from redis_dr.tasks.model.errors import Interrupted, UsageError
from redis_dr.tasks.model.observe.check_report import CheckReport
from redis_dr.tasks.model.observe.check_server import judge_settings
from redis_dr.tasks.model.report import Finding
from redis_dr.tasks.model.settings.instance import Instance
from redis_dr.tasks.model.settings.store import StoreSettings
from redis_dr.tasks.observe.metrics import write_metrics
from tests.cli.test_help import COMMANDS
from tests.support.backups import NAME, store_backup

TOML = f"""
[instances."{NAME}"]
container = "{NAME}"
[store]
url = "file:store"
"""
RECOVERABLE = {("backup",), ("restore",), ("recover",), ("flush",)}
REQUIRED = {
    ("pin",): ["ID"],
    ("unpin",): ["ID"],
    ("accept",): ["ID", "--reason", "meant"],
    ("init",): ["box"],
    ("export",): ["ID", "--db", "0", "--output", "f"],
    ("flush",): ["--db", "1"],
    ("invalidate",): ["--doc", "a"],
}


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "redis-dr.toml").write_text(TOML)
    return tmp_path


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
@pytest.mark.parametrize("kind", [KeyboardInterrupt, Interrupted])
def test_only_what_changes_the_instance_asks_for_a_recovery(
    words: tuple[str, ...],
    kind: type[BaseException],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """A `top` that somebody stops leaves nothing that `recover` could finish."""
    execute = command_line.execute

    def interrupted(*_args: object, **_options: object) -> None:
        raise kind("stopped by the keyboard", "run `redis-dr recover`")

    monkeypatch.setattr(
        command_line, "execute", lambda _function, *rest: execute(interrupted, *rest)
    )

    assert main([*words, *REQUIRED.get(words, [])]) == 130
    assert ("redis-dr recover" in capsys.readouterr().err) == (words in RECOVERABLE)


def test_a_share_without_a_backup_is_not_called_sound(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nothing was read, so nothing is known to be sound."""
    made = store_backup(StoreSettings(url=f"file:{folder}/store")).backup_id
    empty = next(n for n in range(1, 8) if not api.Share(n, 7).holds(made))

    assert main(["verify", "--part", f"{empty}/7"]) == 0
    out = capsys.readouterr().out
    assert f"no backup falls into share {empty}/7: nothing was read" in out
    assert "sound" not in out
    report = api.verify(None, api.Share(empty, 7))
    assert report.headline == f"nothing was read: no backup falls into share {empty}/7"


@pytest.mark.parametrize("number", ["-1", "-7"])
def test_a_database_below_zero_is_refused(number: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Before anything is looked at."""
    assert main(["export", "latest", "--db", number, "--output", "x.rdb"]) == 2
    assert f"--db {number} is not a database" in capsys.readouterr().err


def test_without_server_settings_nothing_is_compared() -> None:
    """The runbook's values were assumed, and `check` was red for ever."""
    plain = Instance.model_validate({"name": "a", "container": "a"})
    wanting = plain.model_copy(update={"server": {"maxmemory": "1gb"}})

    assert judge_settings(plain, {}) == ()
    (finding,) = judge_settings(wanting, {"maxmemory": "0"})
    assert not finding.ok


def report_of(name: str, *, ok: bool = True) -> CheckReport:
    return CheckReport(
        command="check",
        instance=name,
        ok=ok,
        started_at=datetime(2026, 11, 22, tzinfo=UTC),
        seconds=1.0,
        findings=(Finding(check="a", ok=ok),),
        store="file:x",
    )


@pytest.fixture
def private_umask() -> Iterator[None]:
    before = os.umask(0o077)
    yield
    os.umask(before)


@pytest.mark.usefixtures("private_umask")
def test_the_exporter_can_read_the_metrics_under_any_umask(folder: Path) -> None:
    """node_exporter runs as another user."""
    write_metrics(report_of("a"), folder / "a.prom")

    assert (folder / "a.prom").stat().st_mode & 0o777 == 0o644


def test_two_instances_do_not_take_turns_in_one_file(folder: Path) -> None:
    """The second is refused, and the first one's alarm stays."""
    path = folder / "redis.prom"
    write_metrics(report_of("a", ok=False), path)
    write_metrics(report_of("a", ok=False), path)

    with pytest.raises(UsageError, match="holds metrics of other instances: a"):
        write_metrics(report_of("b"), path)

    assert 'redis_dr_ok{redis="a"} 0.0' in path.read_text()
    path.write_text("half of a line that nobody can {read")
    write_metrics(report_of("b"), path)
    assert 'redis_dr_ok{redis="b"} 1.0' in path.read_text()
