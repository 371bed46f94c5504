"""The pages: what a report says stands there, and no key or pattern can break the table."""

from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from redis_dr.flows.orchestration.pages.markdown import age, findings_table, table
from redis_dr.flows.orchestration.pages.observe import fleet_page
from redis_dr.flows.orchestration.pages.restore import approval_question, plan_page
from redis_dr.flows.runbook.fleet import scorecard
from redis_dr.tasks.model.backup.backup_report import BackupReport
from redis_dr.tasks.model.observe.check_report import FleetLine
from redis_dr.tasks.model.report import Finding
from redis_dr.tasks.model.restore.accounting import DatabaseAccount
from redis_dr.tasks.model.restore.restore_report import PlanReport, RestoreReport, RuleLine
from redis_dr.tasks.model.timings import Timings
from redis_dr.tasks.model.units import size

NOW = datetime(2026, 11, 22, 2, tzinfo=UTC)
BASE = {"instance": "weka-redis", "ok": True, "started_at": NOW, "seconds": 1.0}


def plan(**fields: object) -> PlanReport:
    """A plan with something to say."""
    given_fields = {
        **BASE,
        "command": "restore",
        "backup_id": "20261122T020000Z-1f09ac",
        "backup_age_seconds": 7200.0,
        "there_now": {0: 5},
        "will_come": {0: 12004},
        "rules": (RuleLine(db=0, pattern="lock:{id}", action="drop", keys=7, bytes=70),),
        "predicted_downtime_seconds": 1.9,
        **fields,
    }
    return PlanReport.model_validate(given_fields)


def test_the_question_says_all_that_a_person_decides_by() -> None:
    """Age, proof, keys now and after, every rule, downtime, and what to type."""
    text = approval_question(plan(proof="proven", proof_reason="drill of 2026-11-22 01:00 UTC"))

    for said in (
        "2 hours old",
        "proven by the drill of 2026-11-22",
        "| 0 | 5 | 12,004 |",
        "drop",
        "lock:{id}",
    ):
        assert said in text
    assert "1.9 s" in text
    assert "Type `weka-redis`" in text


def test_what_is_lost_leads_and_durable_keys_are_in_bold() -> None:
    """In the dialog and on the page: by database and pattern, with the reason, and what the server
    holds and the backup does not."""
    locks = {"keys": 7, "durable": 0, "reason": "its rule: on_restore = drop"}
    hashes = {"keys": 2_000, "durable": 2_000, "reason": "[databases.1]: on_restore = empty"}
    given_plan = plan(
        lost={0: {"lock:{id}": locks}, 1: {"dev:{n}": hashes}},
        there_now={0: 12_100},
        in_backup={0: 12_011, 1: 2_000},
        not_in_backup={0: 89},
    )
    for text in (approval_question(given_plan), plan_page(given_plan)):
        assert "2,007 keys of the backup do not come back, **2,000 of them have no expiry**" in text
        durable = "**DB 1 `dev:{n}`: 2,000 keys, 2,000 without an expiry**"
        others = "DB 0 `lock:{id}`: 7 keys, all with an expiry (its rule: on_restore = drop)"
        assert text.index(durable) < text.index(others) < text.index("| 0 |")
        assert "12,100 keys now, 12,011 in the backup: at least 89 keys of the server" in text


def test_a_silent_servers_loss_is_called_unknown() -> None:
    """No sentence about what it holds without a look."""
    assert "What the server holds now is unknown" in plan_page(plan(there_now={}, answers=False))


def test_a_backup_that_was_never_proven_is_called_so_in_bold() -> None:
    """In the dialog and on the page."""
    assert "**unproven: it was never drilled**" in approval_question(plan())
    assert "**unproven: it was never drilled**" in plan_page(plan())


def test_a_shut_gate_stands_first() -> None:
    """Bad checks come before good ones."""
    text = findings_table(
        [Finding(check="a", ok=True), Finding(check="b", ok=False, detail="full disk")]
    )

    assert text.index("**BAD**") < text.index("| ok |")
    assert "full disk" in text


def test_a_server_that_does_not_answer_has_no_invented_counts() -> None:
    """Keys now: unknown, not 0."""
    assert "| 0 | unknown | 12,004 |" in approval_question(plan(there_now={}, answers=False))


@given(st.lists(st.text(), min_size=1, max_size=4), st.integers(1, 4))
def test_no_text_can_ever_break_a_table(cells: list[str], rows: int) -> None:
    """Whatever a key is called, every row keeps its number of cells on one line."""
    made = table([str(n) for n in range(len(cells))], [cells] * rows)
    body = made.splitlines()

    assert len(body) == 2 + rows
    for line in body[2:]:
        bare = line.replace("\\\\", "").replace("\\|", "")
        assert bare.count("|") == len(cells) + 1
        assert "<" not in line


@given(st.integers(0, 10**18))
def test_sizes_are_short(number: int) -> None:
    """At most ten characters, and never a bare wall of digits, up to a petabyte."""
    if number < 10**15:
        assert len(size(number)) <= 10


def test_ages_are_as_a_person_says_them() -> None:
    """Minutes, hours, days."""
    assert [age(s) for s in (120, 7200, 300_000)] == ["2 minutes", "2 hours", "3 days and 11 hours"]


def test_the_line_of_a_restore_says_what_became_of_it() -> None:
    """Proven, or rolled back and why."""
    report = RestoreReport.model_validate(
        {
            **BASE,
            "command": "restore",
            "backup_id": "B",
            "source": "rdb",
            "downtime_seconds": 2.25,
            "predicted_downtime_seconds": 1.9,
            "databases": {0: DatabaseAccount(in_backup=3, placed=3, restored=3, found=3)},
            "timings": {},
        }
    )
    undone = report.model_copy(update={"rolled_back": True, "ok": False, "failure": "cut off"})

    assert report.headline == "B is back: 3 keys found, proven, down 2.2 s"
    assert undone.headline.startswith("Served now: ")
    assert "cut off" in undone.headline


def test_a_suspicious_backup_says_so_in_its_line() -> None:
    """It must not look like a good one in the run list."""
    report = BackupReport.model_validate(
        {
            **BASE,
            "command": "backup",
            "backup_id": "B",
            "store": "file:x",
            "size": 1_234_567,
            "stored_size": 10,
            "databases": {0: {"keys": 12004, "expires": 1}},
            "aof": False,
            "suspicious": ("empty",),
            "timings": {},
        }
    )
    assert report.headline.startswith("B: 12,004 keys, 1.2 MB")
    assert "SUSPICIOUS: empty" in report.headline


def test_the_scorecard_names_the_failed_first() -> None:
    """And its line names the first of them."""
    lines = [
        FleetLine(instance="a", ok=True, kind="ok", line="fine", exit_code=0, seconds=1),
        FleetLine(instance="b", ok=False, kind="Unreachable", line="gone", exit_code=4, seconds=1),
    ]
    report = scorecard("backup", lines, 4, Timings())

    assert not report.ok
    assert [one.instance for one in report.lines] == ["b", "a"]
    assert "1 of 2" in report.headline
    assert "b: gone" in report.headline
    assert fleet_page(report).index("Unreachable") < fleet_page(report).index("fine")
