"""The outcome in one line: what is wrong now leads, and a check that failed is called failed."""

from datetime import UTC, datetime
from typing import Any

import pytest

from redis_dr.tasks.model.drill.drill_report import DrillReport
from redis_dr.tasks.model.errors import Refused
from redis_dr.tasks.model.observe.check_report import CheckReport
from redis_dr.tasks.model.observe.notification import Notification
from redis_dr.tasks.model.report import Finding, Report, first_bad
from redis_dr.tasks.model.restore.journal import RecoverReport
from redis_dr.tasks.model.restore.restore_report import RestoreReport
from redis_dr.tasks.model.settings.notify import NotifySettings


def bad(check: str, actual: object = None, detail: str = "") -> Finding:
    return Finding(check=check, ok=False, actual=actual, detail=detail)


def base(command: str, *findings: Finding) -> dict[str, Any]:
    good = all(finding.ok for finding in findings)
    begun = datetime(2026, 11, 22, tzinfo=UTC)
    return {
        "command": command,
        "instance": "weka",
        "ok": good,
        "started_at": begun,
        "seconds": 1.0,
        "findings": findings,
    }


def test_a_check_leads_with_the_worst() -> None:
    """A server that is down matters more than an old backup, whatever was looked at first."""
    findings = (
        Finding(check="clock of the store", ok=True),
        bad("age of the newest backup", "30.0 h"),
        bad("the store answers", "connection refused"),
        bad("the server answers", "connection refused", "start it"),
        bad("configuration", "maxmemory differs"),
    )
    report = CheckReport(**base("check", *findings), store="file:x")

    assert report.headline == "NOT WELL: the server answers: start it (and 3 more)"
    order = [finding.check for finding in report.worst_first]
    assert order[:3] == ["the server answers", "the store answers", "age of the newest backup"]
    assert order[-1] == "clock of the store"


def test_a_drill_that_failed_does_not_state_the_opposite() -> None:
    """Checks are named by what should be: the line says that they failed."""
    report = DrillReport(
        **base("drill", bad("the backup can be restored", "the server exited")),
        backup_id="B",
        proven=False,
        rto_seconds=3.25,
        rpo_seconds=7200,
        content_equal=False,
        timings={},
    )

    assert report.headline == (
        "B NOT PROVEN, failed check: the backup can be restored: the server exited; "
        "back in 3.2 s, data 2 hours old"
    )


def test_a_recovery_with_the_container_down_does_not_begin_with_nothing_to_do() -> None:
    """The person is awake because the server is down."""
    report = RecoverReport(
        **base("recover", bad("the container runs", "exited")), outcome="nothing to do"
    )

    assert report.headline.startswith("NOT well, failed check: the container runs: exited")


def test_what_is_served_now_comes_before_the_story() -> None:
    """Rolled back, or not rolled back after a failure: first which data clients get."""
    fields: dict[str, Any] = {
        "backup_id": "B",
        "source": "rdb",
        "downtime_seconds": 1.0,
        "predicted_downtime_seconds": 1.0,
        "databases": {},
        "timings": {},
        "failure": "cut off",
        "served": "the new data: 5 keys in weka-redis",
    }
    for rolled_back in (True, False):
        report = RestoreReport(
            **base("restore", bad("a", "red")), rolled_back=rolled_back, **fields
        )
        assert report.headline.startswith("Served now: the new data: 5 keys in weka-redis. ")


@pytest.mark.parametrize(
    ("finding", "words"),
    [
        (bad("a", "red"), "failed check: a: red"),
        (bad("a", actual=False), "failed check: a"),
        (bad("a"), "failed check: a"),
        (Finding(check="a", ok=True), "none"),
    ],
)
def test_a_failed_check_in_a_sentence(finding: Finding, words: str) -> None:
    """A value that says no more than the name is left out."""
    assert first_bad([finding], "none") == words


def test_every_report_has_a_headline() -> None:
    """Also one that has none of its own: what is bad, in short."""
    assert Report(**base("x", Finding(check="a", ok=True))).headline == "well"
    assert Report(**base("x", bad("a", "red"))).headline == "NOT well: a: red"


def test_an_error_in_one_line_has_both_halves() -> None:
    """For a run list, a webhook, a mail."""
    assert Refused("it runs\nalready", "wait").in_one_line == "it runs already. What to do: wait"


@pytest.mark.parametrize(
    ("operation", "outcome", "when", "wanted", "beats"),
    [
        ("backup", "succeeded", "failure", False, True),
        ("backup", "succeeded", "always", True, True),
        ("backup", "failed", "failure", True, False),
        ("nightly", "succeeded", "failure", False, True),
        ("drill", "succeeded", "failure", False, False),
        ("drill", "cancelled", "failure", True, False),
    ],
)
def test_who_hears_of_what(
    *, operation: str, outcome: str, when: str, wanted: bool, beats: bool
) -> None:
    """The dead man's switch waits for good backups; the rest is told as [notify] says."""
    notification = Notification("weka", operation, outcome, "line")
    settings = NotifySettings.model_validate({"when": when})

    assert notification.is_wanted(settings) == wanted
    assert notification.is_heartbeat == beats
