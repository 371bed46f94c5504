"""Many instances: a bounded number at once, one that fails stops nobody, one scorecard."""

import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from redis_dr.flows.backup import backup
from redis_dr.flows.runbook.fleet import attempt, fleet
from redis_dr.tasks.model.errors import Interrupted, RedisDrError, Refused, StoreError, Unreachable
from redis_dr.tasks.model.progress import Progress, quiet
from redis_dr.tasks.model.report import Report
from redis_dr.tasks.model.settings.instance import Instance
from tests.prefect.conftest import MakeInstallation, use
from tests.support.command_line import CommandLine
from tests.support.installation import NAME
from tests.support.prefect_server import PrefectServer, every_row

KINDS = [Unreachable, StoreError, Refused, None]


def instances(count: int) -> list[Instance]:
    return [Instance.model_validate({"name": f"i{n}", "container": f"c{n}"}) for n in range(count)]


@given(st.lists(st.sampled_from(KINDS), min_size=1, max_size=20), st.integers(1, 8))
def test_every_instance_is_tried_whatever_the_others_do(
    fates: list[type[RedisDrError] | None], at_once: int
) -> None:
    """As many lines as instances, each with its own outcome; never more than allowed at once."""
    lock, now, most = threading.Lock(), 0, 0

    def work(instance: Instance, progress: Progress) -> Report:
        nonlocal now, most
        with lock:
            now += 1
            most = max(most, now)
        try:
            fate = fates[int(instance.name[1:])]
            if fate:
                raise fate("it failed", "look")
            return Report.model_validate(
                {
                    "command": "c",
                    "instance": instance.name,
                    "ok": True,
                    "started_at": "2026-11-22T00:00:00Z",
                    "seconds": 0,
                }
            )
        finally:
            with lock:
                now -= 1

    report = fleet("backup", instances(len(fates)), work, at_once)

    assert most <= at_once
    assert {line.instance for line in report.lines} == {f"i{n}" for n in range(len(fates))}
    for line in report.lines:
        fate = fates[int(line.instance[1:])]
        assert (line.ok, line.exit_code) == (fate is None, fate.exit_code if fate else 0)
    assert report.ok == (not any(fates))
    assert len(report.reports) == fates.count(None)


def test_an_interruption_is_about_all_of_them() -> None:
    """A person who stops the run does not want the next instance begun."""

    def work(instance: Instance, progress: Progress) -> Report:
        raise Interrupted("stopped", "recover")

    with pytest.raises(Interrupted):
        attempt(instances(1)[0], work, quiet)


def test_one_dead_instance_of_three_spoils_nothing(
    make_installation: MakeInstallation,
    prefect_here: PrefectServer,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Under Prefect: two backups, one line that says why, one page; the run is red."""
    made = make_installation(3)
    use(made, monkeypatch)
    made.servers[1].container.stop(timeout=1)
    state = backup(return_state=True)

    assert state.is_failed()
    assert "2 of 3" in (state.message or "")
    assert f"{NAME}-1" in (state.message or "")
    page = prefect_here.artifacts("fleet-backup")[-1]
    assert page.data.count("| ok |") == 2
    assert f"[{NAME}-0](/artifacts/key/backup-{NAME}-0)" in page.data
    with prefect_here.client() as client:
        names = {one.name for one in every_row(client.read_task_runs)}
    assert {f"backup-{NAME}-{n}" for n in range(3)} <= names


def test_the_same_from_the_command_line(make_installation: MakeInstallation) -> None:
    """`backup --all` without any server: the scorecard as one report, exit code 1."""
    made = make_installation(3)
    made.servers[2].container.stop(timeout=1)
    answer = CommandLine(made.folder, made.secrets).run("--json", "backup", "--all")

    assert answer.code == 1, answer.err
    lines = {line["instance"]: line["kind"] for line in answer.report["lines"]}
    assert lines == {f"{NAME}-0": "ok", f"{NAME}-1": "ok", f"{NAME}-2": "Unreachable"}
