"""What a restore loses is decided by the account of the new file and the configuration."""

import pytest

from redis_dr.flows.runbook.restore.lost import keeps_live, lost_keys
from redis_dr.tasks.model.restore.lost import loss_summary, missing_lines, not_in_backup
from redis_dr.tasks.model.settings.instance import Instance
from redis_dr.tasks.rdb import SplicedLoss, SpliceResult

INSTANCE = Instance.model_validate(
    {
        "name": "x",
        "container": "x",
        "databases": {"1": {"on_restore": "empty"}, "2": {"on_restore": "keep"}},
        "keys": [
            {"pattern": "live:{id}", "on_restore": "keep"},
            {"pattern": "lock:{id}", "on_restore": "drop"},
        ],
    }
)


def spliced(*lost: SplicedLoss) -> SpliceResult:
    """A result with this loss."""
    return SpliceResult(11, {}, (), (), (), (), 0, 0, "", lost)


@pytest.mark.parametrize("reason", ["keep", "empty"])
@pytest.mark.parametrize("answers", [True, False], ids=["server answers", "server is dead"])
def test_a_kept_database_is_lost_only_without_its_server(reason: str, *, answers: bool) -> None:
    """While the server answers its own keys stay; of a dead one nothing can be kept."""
    loss = SplicedLoss(2, "*", reason, 5, 2)
    lost = lost_keys(spliced(loss), INSTANCE, answers=answers)
    assert (lost == {}) == answers
    if not answers:
        assert (lost[2]["*"].keys, lost[2]["*"].durable) == (5, 2)
        assert "the server does not answer" in lost[2]["*"].reason


def test_a_kept_pattern_is_judged_as_a_kept_database_is() -> None:
    """`keep` of a rule: the same, and beside it a dropped pattern stays a loss."""
    losses = (SplicedLoss(0, "live:{id}", "drop", 3, 3), SplicedLoss(0, "lock:{id}", "drop", 4, 1))
    assert set(lost_keys(spliced(*losses), INSTANCE, answers=True)[0]) == {"lock:{id}"}
    assert set(lost_keys(spliced(*losses), INSTANCE, answers=False)[0]) == {
        "live:{id}",
        "lock:{id}",
    }


def test_keys_of_one_pattern_that_go_for_two_reasons_are_one_line_with_both() -> None:
    """Counts are added, and no reason is left out."""
    losses = (SplicedLoss(0, "a:{id}", "drop", 3, 3), SplicedLoss(0, "a:{id}", "expired", 2, 0))
    [line] = lost_keys(spliced(*losses), INSTANCE, answers=True)[0].values()
    assert (line.keys, line.durable) == (5, 3)
    assert "on_restore = drop" in line.reason
    assert "expired since the backup" in line.reason


def test_only_a_difference_that_proves_something_is_named() -> None:
    """More keys now than in the backup: at least those are missing. Fewer prove nothing."""
    missing = not_in_backup({0: 10, 1: 3, 4: 2}, {0: 7, 1: 5})
    assert missing == {0: 3, 4: 2}
    assert missing_lines({0: 10, 4: 2}, {0: 7}, missing)[1].startswith("DB 4: 2 keys now, 0 in")
    assert [keeps_live(INSTANCE, db) for db in range(3)] == [True, False, True]


def test_nothing_lost_is_a_sentence_too() -> None:
    """The plan says so instead of being silent."""
    assert loss_summary({}) == "nothing, every key of the backup comes back"
