"""Clocks that are wrong: what a future date may not do, for histories with any clocks."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from redis_dr.tasks.model.backup.clocks import (
    ClockReading,
    Clocks,
    compare_clocks,
    judge_clocks,
)
from redis_dr.tasks.model.backup.manifest import Manifest
from redis_dr.tasks.model.catalog.catalog import Catalog
from redis_dr.tasks.model.catalog.choosing import choice_of, choose
from redis_dr.tasks.model.catalog.dates import TOLERANCE, dates_that_cannot_be, moment_of
from redis_dr.tasks.model.catalog.proof import Proof, proof_state
from redis_dr.tasks.model.catalog.retention import plan_retention
from redis_dr.tasks.model.errors import Damaged, UsageError
from redis_dr.tasks.model.observe.check_store import judge_catalog
from redis_dr.tasks.model.settings.retention import RetentionSettings
from redis_dr.tasks.model.settings.store import StoreSettings
from tests.support.backups import NAME, NOON, days_ago, instance, manifest

YEARS = timedelta(days=730)
WEKA = instance(StoreSettings())
ONE = RetentionSettings(keep_last=1, keep_hourly=0, keep_daily=0, keep_weekly=0)


def catalog(
    manifests: Sequence[Manifest], stored_at: dict[str, datetime], now: datetime = NOON
) -> Catalog:
    """As load_catalog builds it."""
    ordered = sorted(
        manifests,
        key=lambda one: (moment_of(one.made_at, stored_at.get(one.backup_id)), one.backup_id),
        reverse=True,
    )
    return Catalog(
        NAME,
        "file:x",
        tuple(ordered),
        stored_at=stored_at,
        misdated=dates_that_cannot_be(manifests, stored_at, now),
    )


def found(of: Catalog, check: str) -> tuple[bool, str]:
    finding = next(one for one in judge_catalog(of, WEKA, NOON) if one.check == check)
    return finding.ok, str(finding.actual)


@pytest.mark.parametrize("stored", [days_ago(3), days_ago(3) + YEARS], ids=["store", "disk"])
def test_a_date_in_the_future_is_red_never_the_latest_and_takes_no_place(stored: datetime) -> None:
    """The case: one backup two years ahead; with the clock of the store, or by the same clock."""
    real = [manifest(days_ago(day)) for day in (0.5, 1.5, 2.5)]
    ahead = manifest(days_ago(3) + YEARS)
    times = {one.backup_id: one.created_at for one in real}
    seen = catalog([*real, ahead], {**times, ahead.backup_id: stored})

    chosen = choose(seen, "latest")
    assert chosen == real[0]
    assert found(seen, "age of the newest backup") == (True, "12.0 h")
    ok, actual = found(seen, "dates of the backups")
    assert not ok
    assert ahead.backup_id in actual
    removed = {one.backup_id for one in plan_retention(seen, ONE, NOON).removed}
    assert real[0].backup_id not in removed
    skipped = choice_of(seen, "latest", chosen).skipped
    assert ("in the future" in skipped.get(ahead.backup_id, "")) == (stored > NOON)


def test_the_store_s_time_decides_where_it_lies_and_when_it_goes() -> None:
    """By the store it is the oldest one, so retention removes it as the oldest one."""
    real = [manifest(days_ago(day)) for day in (0.5, 1.5)]
    ahead = manifest(days_ago(3) + YEARS)
    times = {one.backup_id: one.created_at for one in real} | {ahead.backup_id: days_ago(3)}
    plan = plan_retention(catalog([*real, ahead], times), ONE, NOON)

    assert [one.backup_id for one in plan.kept] == [real[0].backup_id]


def test_only_wrong_dates_are_an_error_that_names_the_last_one() -> None:
    """No word chooses one; a person can, by its ID."""
    ahead = [manifest(NOON + YEARS), manifest(NOON + YEARS + timedelta(hours=1))]
    seen = catalog(ahead, {})
    with pytest.raises(UsageError, match=f"{ahead[1].backup_id}: it is dated 2028"):
        choose(seen, "latest")
    assert choose(seen, ahead[0].backup_id) == ahead[0]


def test_an_unreadable_backup_is_newer_by_the_store_and_not_by_its_name() -> None:
    """Its name says 2099, the store took it before the newest good one: nothing is frozen."""
    good = manifest(days_ago(1))
    bad = "20991231T000000Z-000000"
    seen = replace(
        catalog([good], {good.backup_id: days_ago(1), bad: days_ago(2)}),
        unreadable={bad: Damaged("it is damaged", "look")},
    )
    assert plan_retention(seen, ONE, NOON).frozen == ()
    assert choice_of(seen, "latest", good).skipped == {}
    later = replace(seen, stored_at={**seen.stored_at, bad: days_ago(0.5)})
    assert plan_retention(later, ONE, NOON).frozen
    assert bad in choice_of(later, "latest", good).skipped


def test_a_good_proof_from_the_future_does_not_outlive_a_failure() -> None:
    """The store took the good one first; by its name it would win for two years."""
    ahead = Proof("id", "a", "drill", True, NOON + YEARS, stored_at=days_ago(2))
    failed = Proof("id", "b", "drill", False, days_ago(1), stored_at=days_ago(1))
    in_order = sorted((ahead, failed), key=lambda proof: proof.moment)
    assert proof_state(in_order).word == "disproven"


@dataclass(frozen=True)
class Made:
    """One backup: hours since the last, and how wrong the clocks were."""

    hours: int
    server: timedelta
    worker: timedelta


_SKEW = st.sampled_from(
    [timedelta(0)] * 4
    + [timedelta(seconds=2), timedelta(hours=3), -timedelta(hours=30), YEARS, -YEARS]
)


@settings(deadline=None, max_examples=100)
@given(
    made=st.lists(st.builds(Made, st.integers(1, 60), _SKEW, _SKEW), min_size=1, max_size=12),
    recorded=st.booleans(),
    keep=st.integers(1, 4),
)
def test_no_clock_makes_old_content_the_latest_or_costs_a_newer_backup(
    made: list[Made], recorded: bool, keep: int
) -> None:
    """For all clocks of server and worker, with a store that has its own:

    * what is read as the latest is the newest of those that are not dated in the future;
    * where the clocks were compared, the order is the true one, whatever they showed;
    * the last `keep` backups that are not dated in the future stay.
    """
    now, truth = NOON - timedelta(days=900), {}
    manifests = []
    for one in made:
        now += timedelta(hours=one.hours)
        clocks = Clocks(
            server_ahead=one.server.total_seconds(), worker_ahead=one.worker.total_seconds()
        )
        backup = manifest(now + one.server, clocks=clocks if recorded else None)
        manifests.append(backup)
        truth[backup.backup_id] = now
    now += timedelta(hours=1)
    stored = {backup_id: at + timedelta(seconds=3) for backup_id, at in truth.items()}
    seen = catalog(manifests, stored, now)
    future = [one for one in manifests if one.created_at > stored[one.backup_id] + TOLERANCE]
    assert set(seen.misdated) == {one.backup_id for one in future}
    if recorded:
        truly = sorted(manifests, key=lambda one: truth[one.backup_id], reverse=True)
        assert list(seen.manifests) == truly
        good = [one for one in truly if one not in future]
        if good:
            assert choose(seen, "latest") == good[0]
        policy = ONE.model_copy(update={"keep_last": keep})
        kept = {one.backup_id for one in plan_retention(seen, policy, now).kept}
        assert {one.backup_id for one in good[:keep]} <= kept
    assert not any(one in future for one in seen.regular)


def test_clocks_are_compared_by_what_is_sure() -> None:
    """A reading between two looks is no difference; beyond them, the least that it can be."""
    second = timedelta(seconds=1)
    agreed = ClockReading(NOON, NOON + second, NOON + 2 * second)
    assert agreed.ahead == timedelta(0)
    assert ClockReading(NOON, NOON + 9 * second, NOON + 2 * second).ahead == 7 * second
    assert ClockReading(NOON, NOON - 9 * second, NOON + 2 * second).ahead == -9 * second

    server = ClockReading(NOON, NOON + YEARS, NOON)
    clocks = compare_clocks(server, timedelta(hours=-1))
    assert clocks.by_the_store(NOON + YEARS) == NOON - timedelta(hours=1)
    assert [one.ok for one in judge_clocks(clocks, 5)] == [False, False]
    assert [one.actual for one in judge_clocks(clocks, 5)] == [
        "2 years and 1 hour ahead",
        "1 hour ahead",
    ]
    assert all(one.ok for one in judge_clocks(compare_clocks(agreed, None), 5))
