"""Retention is a pure plan. What it must never do is held for arbitrary histories."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from redis_dr.tasks.model.backup.manifest import Manifest
from redis_dr.tasks.model.catalog.catalog import Catalog, Unfinished
from redis_dr.tasks.model.catalog.proof import Proof
from redis_dr.tasks.model.catalog.retention import RetentionPlan, plan_retention
from redis_dr.tasks.model.errors import Damaged
from redis_dr.tasks.model.settings.retention import RetentionSettings
from tests.support.backups import NAME, NOON, days_ago, manifest

NOTHING = {f"keep_{unit}": 0 for unit in ("hourly", "daily", "weekly", "monthly", "yearly")}


def _policy(**keep: int) -> RetentionSettings:
    return RetentionSettings(**{**NOTHING, **keep})


def _catalog(manifests: Sequence[Manifest], **fields: object) -> Catalog:
    ordered = sorted(manifests, key=lambda m: (m.created_at, m.backup_id), reverse=True)
    return replace(Catalog(NAME, "file:x", tuple(ordered)), **fields)  # type: ignore[arg-type] # named fields of Catalog


def _kept(plan: RetentionPlan) -> list[str]:
    return [one.backup_id for one in plan.kept]


def test_each_kept_backup_says_why() -> None:
    """Calendar units in UTC: the newest of each of the last units that have any backup."""
    hours = [manifest(NOON - timedelta(hours=h)) for h in (0, 1, 1.5, 30, 31, 24 * 8)]
    plan = plan_retention(_catalog(hours), _policy(keep_last=1, keep_hourly=2, keep_daily=3), NOON)

    assert {one.backup_id: one.reasons for one in plan.kept} == {
        hours[0].backup_id: (
            "one of the last 1",
            "newest of the hour 2026-11-22T12",
            "newest of the day 2026-11-22",
        ),
        hours[1].backup_id: ("newest of the hour 2026-11-22T11",),
        hours[3].backup_id: ("newest of the day 2026-11-21",),
        hours[5].backup_id: ("newest of the day 2026-11-14",),
    }
    assert [one.backup_id for one in plan.removed] == [hours[2].backup_id, hours[4].backup_id]
    assert plan.removed[0].stored_size == 7


def test_weeks_are_iso_weeks_and_years_are_calendar_years() -> None:
    """2027-01-01 lies in ISO week 2026-W53, but in the year 2027."""
    dates = [
        datetime(2026, 12, 28, tzinfo=UTC),
        datetime(2027, 1, 1, tzinfo=UTC),
        datetime(2027, 1, 4, tzinfo=UTC),
    ]
    made = [manifest(at) for at in dates]
    weeks = plan_retention(_catalog(made), _policy(keep_last=1, keep_weekly=9), NOON)
    years = plan_retention(_catalog(made), _policy(keep_last=1, keep_yearly=9), NOON)

    assert _kept(weeks) == [made[2].backup_id, made[1].backup_id]
    assert _kept(years) == [made[2].backup_id, made[0].backup_id]


def test_a_time_zone_does_not_move_a_backup() -> None:
    """The same moment written in another zone belongs to the same UTC day."""
    east = NOON.astimezone(tz=None).replace(hour=23)
    utc = _catalog([manifest(east.astimezone(UTC)), manifest(days_ago(3))])
    zoned = _catalog([manifest(east), manifest(days_ago(3))])
    reasons = [
        [one.reasons for one in plan_retention(c, _policy(keep_daily=5), NOON).kept]
        for c in (utc, zoned)
    ]
    assert reasons[0] == reasons[1]


def test_a_suspicious_backup_takes_no_place() -> None:
    """keep_last sound ones stay although suspicious ones are newer."""
    odd = [manifest(days_ago(d), suspicious=("fell",)) for d in (0, 1)]
    good = [manifest(days_ago(d)) for d in (2, 3, 4)]
    plan = plan_retention(_catalog([*odd, *good]), _policy(keep_last=2), NOON)

    assert {one.backup_id for one in (*odd, *good[:2])} == set(_kept(plan))
    assert plan.frozen == (f"the newest backup {odd[0].backup_id} looks wrong: fell",)


def test_a_safety_backup_takes_no_place_and_does_not_freeze() -> None:
    """What a restore saved of the state to be rid of says nothing about the regular ones."""
    safety = manifest(days_ago(0), operation="restore", suspicious=("empty",))
    good = [manifest(days_ago(d)) for d in (1, 2, 3)]
    plan = plan_retention(_catalog([safety, *good]), _policy(keep_last=2), NOON)

    assert set(_kept(plan)) == {one.backup_id for one in (safety, *good[:2])}
    assert plan.frozen == ()


def test_a_proven_safety_backup_does_not_cost_the_only_proven_regular_one() -> None:
    """The case: a drill of a safety backup, or of a suspicious one, came later."""
    good, plain = manifest(days_ago(9)), manifest(days_ago(1))
    others = [
        manifest(days_ago(0.5), operation="restore"),
        manifest(days_ago(2), suspicious=("fell",)),
    ]
    for other in others:
        made = [good, plain, other]
        drilled = {
            one.backup_id: (Proof(one.backup_id, "p", "drill", True, NOON),)
            for one in (good, other)
        }
        plan = plan_retention(_catalog(made, proofs=drilled), _policy(keep_last=1), NOON)
        reasons = {one.backup_id: one.reasons for one in plan.kept}

        assert reasons[good.backup_id] == ("the newest proven backup",)


def test_doubts_about_the_newest_freeze_everything() -> None:
    """Drift seen now, a failed proof, or a newer backup that cannot even be read."""
    made = [manifest(days_ago(d)) for d in (0, 1, 2)]
    newest = made[0].backup_id
    bad = {newest: (Proof(newest, "proofs/x", "verify", False, NOON),)}
    policy = _policy(keep_last=1)

    assert plan_retention(_catalog(made), policy, NOON).frozen == ()
    assert "fell" in plan_retention(_catalog(made), policy, NOON, ("fell",)).frozen[0]
    assert "proof" in plan_retention(_catalog(made, proofs=bad), policy, NOON).frozen[0]
    unreadable = {"20991231T000000Z-000000": Damaged("is missing", "look")}
    assert (
        "missing" in plan_retention(_catalog(made, unreadable=unreadable), policy, NOON).frozen[0]
    )


def test_old_orphans_go_and_young_ones_stay() -> None:
    """A run that died is swept after the grace time; one that may still work is left alone."""
    old = Unfinished("20261101T000000Z-000001", ("a",), NOON - timedelta(hours=25))
    young = Unfinished("20261122T110000Z-000002", ("b",), NOON - timedelta(hours=23))
    used = Unfinished("20261101T000000Z-000003", ("c",), NOON - timedelta(days=9))
    catalog = _catalog(
        [manifest()],
        unfinished=(old, young, used),
        in_use={used.backup_id: NOON + timedelta(hours=1)},
    )
    assert plan_retention(catalog, _policy(), NOON).orphans == (old,)


moments = st.integers(0, 400 * 24).map(lambda hours: NOON - timedelta(hours=hours))
backups = st.builds(
    lambda at, odd, safety: manifest(
        at, suspicious=("odd",) if odd else (), operation="restore" if safety else "backup"
    ),
    moments,
    st.booleans(),
    st.booleans(),
)
policies = st.builds(
    RetentionSettings,
    keep_last=st.integers(1, 5),
    **{unit: st.integers(0, 4) for unit in NOTHING},
)


@st.composite
def catalogs(draw: st.DrawFn) -> Catalog:
    """Any history: backups of the last year, proofs good and bad, pins, leases."""
    made = draw(st.lists(backups, max_size=25, unique_by=lambda m: m.backup_id))
    names = [one.backup_id for one in made]
    some = st.sets(st.sampled_from(names)) if names else st.just(set())
    proofs = {name: (Proof(name, "p", "drill", draw(st.booleans()), NOON),) for name in draw(some)}
    ends = moments.map(lambda at: at + timedelta(days=200))
    return _catalog(
        made,
        proofs=proofs,
        pinned=frozenset(draw(some)),
        in_use={name: draw(ends) for name in draw(some)},
    )


@settings(max_examples=300, deadline=None)
@given(catalogs(), policies)
def test_no_plan_loses_what_must_stay(catalog: Catalog, policy: RetentionSettings) -> None:
    """Never the newest proven one, the last keep_last (of all, and of the sound), pins, leases."""
    plan = plan_retention(catalog, policy, NOON)
    removed = {one.backup_id for one in plan.removed}
    newest_first = [one.backup_id for one in catalog.manifests]
    sound = [
        one.backup_id
        for one in catalog.manifests
        if not one.suspicious and not one.is_safety and not catalog.disproven(one.backup_id)
    ]
    proven = [name for name in newest_first if catalog.proven_at(name)]
    regular_proven = [
        one.backup_id
        for one in catalog.manifests
        if not one.suspicious and not one.is_safety and catalog.proven_at(one.backup_id)
    ]
    used = {name for name, until in catalog.in_use.items() if until > NOON}

    assert removed.isdisjoint(proven[:1])
    assert removed.isdisjoint(regular_proven[:1])
    assert removed.isdisjoint(newest_first[: policy.keep_last])
    assert removed.isdisjoint(sound[: policy.keep_last])
    assert removed.isdisjoint(catalog.pinned | used)
    assert removed | set(_kept(plan)) == set(newest_first)
    assert removed.isdisjoint(_kept(plan))


@settings(max_examples=200, deadline=None)
@given(catalogs(), policies, st.timedeltas(timedelta(0), timedelta(days=9)))
def test_carrying_a_plan_out_changes_no_mind(
    catalog: Catalog, policy: RetentionSettings, later: timedelta
) -> None:
    """A second prune right after the first removes nothing more: no place moves to another."""
    gone = {one.backup_id for one in plan_retention(catalog, policy, NOON).removed}
    left = replace(
        catalog, manifests=tuple(m for m in catalog.manifests if m.backup_id not in gone)
    )
    assert plan_retention(left, policy, NOON).removed == ()
