"""What is usual: histories of backups, flushes and acceptances, with the whole decision on top."""

from datetime import datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from redis_dr.tasks.model.backup.drift import content_drift, restored_keys
from redis_dr.tasks.model.backup.manifest import Manifest
from redis_dr.tasks.model.catalog.accepted import Acceptance
from redis_dr.tasks.model.catalog.catalog import Catalog
from redis_dr.tasks.model.catalog.choosing import choice_of, choose
from redis_dr.tasks.model.catalog.usual import content_alarm, rejudge, usual_backups
from redis_dr.tasks.model.errors import Damaged, UsageError
from redis_dr.tasks.model.settings.store import StoreSettings
from tests.support.backups import NAME, NOON, counted, instance, manifest

WEKA = instance(
    StoreSettings(),
    databases={1: {"on_restore": "empty"}, 2: {"on_restore": "keep"}},
    keys=[{"pattern": "lock:{id}", "on_restore": "drop"}],
)


class Store:
    """Backups made one after the other, each judged as the writer judges it."""

    def __init__(self) -> None:
        self.manifests: list[Manifest] = []
        self.accepted: dict[str, Acceptance] = {}
        self.unreadable: dict[str, Damaged] = {}
        self.now = NOON

    @property
    def catalog(self) -> Catalog:
        newest_first = sorted(self.manifests, key=lambda one: one.created_at, reverse=True)
        return Catalog(
            NAME,
            "file:x",
            tuple(newest_first),
            accepted=self.accepted,
            rejudged=rejudge(newest_first, self.accepted, WEKA),
            unreadable=dict(self.unreadable),
        )

    def back_up(
        self, keys: int, *, safety: bool = False, locks: int = 0, test: int = 0
    ) -> Manifest:
        self.now += timedelta(hours=1)
        content = counted({0: keys + locks, 1: test}, {"lock:{id}": locks, "": keys})
        made = manifest(self.now, operation="restore" if safety else "backup", **content)
        if not safety:
            reasons = content_drift(made, usual_backups(self.catalog, made.created_at), WEKA)
            made = made.model_copy(update={"suspicious": reasons})
        self.manifests.append(made)
        return made

    def accept(self, made: Manifest) -> None:
        self.now += timedelta(minutes=1)
        self.accepted[made.backup_id] = Acceptance(self.now, "me", "meant")


def test_a_flushed_database_never_becomes_usual() -> None:
    """The case: 7 good, FLUSHALL, 5 more. None is as usual, none is the latest, five are named."""
    store = Store()
    good = [store.back_up(10_000 + n) for n in range(7)]
    empty = [store.back_up(0) for _ in range(5)]
    catalog = store.catalog

    assert [bool(catalog.suspicious(one)) for one in (*good, *empty)] == [False] * 7 + [True] * 5
    assert content_alarm(catalog, WEKA) == ("DB 0: 0 keys, usually 10003",)
    chosen = choose(catalog, "latest")
    choice = choice_of(catalog, "latest", chosen)
    assert chosen == good[-1]
    assert list(choice.skipped) == [one.backup_id for one in reversed(empty)]
    assert all("DB 0: 0 keys, usually" in why for why in choice.skipped.values())
    assert choice.findings[0].ok
    assert all(one.backup_id in choice.findings[0].detail for one in empty)


def test_an_accepted_fall_is_usual_from_then_on() -> None:
    """Accepted, it is the latest; those after it with the same content are usual, old ones too."""
    store = Store()
    for n in range(7):
        store.back_up(10_000 + n)
    fell, same = store.back_up(120), store.back_up(120)
    store.accept(fell)
    after = [store.back_up(120) for _ in range(3)]

    for one in (fell, same, *after):
        assert store.catalog.suspicious(one) == ()
    assert all(one.suspicious == () for one in after)
    assert choose(store.catalog, "latest") == after[-1]
    assert content_alarm(store.catalog, WEKA) == ()
    again = store.back_up(3)
    assert again.suspicious == ("DB 0: 3 keys, usually 120",)


def test_an_acceptance_covers_no_further_fall() -> None:
    """What fell again between the accepted backup and the acceptance stays suspicious."""
    store = Store()
    store.back_up(10_000)
    fell, empty = store.back_up(1_000), store.back_up(0)
    store.accept(fell)

    assert store.catalog.suspicious(fell) == ()
    assert store.catalog.suspicious(empty) == ("DB 0: 0 keys, usually 1000",)
    assert choose(store.catalog, "latest") == fell


@pytest.mark.parametrize("before", [1, 99])
def test_a_backup_without_a_key_is_never_the_latest_where_there_were_some(before: int) -> None:
    """Too few for the alarm of a fall, yet not nothing; what a restore leaves out is nothing."""
    store = Store()
    some = store.back_up(before)
    for empty in (store.back_up(0), store.back_up(0, locks=500, test=500)):
        assert empty.suspicious == (f"it has no key to restore; {some.backup_id} has {before}",)
    assert choose(store.catalog, "latest") == some


def test_an_empty_start_is_no_alarm() -> None:
    """Where there never was a key, none is missing."""
    store = Store()
    assert [store.back_up(0).suspicious for _ in range(3)] == [(), (), ()]


def test_an_empty_backup_of_an_older_release_is_seen_through() -> None:
    """It calls itself usual: the alarm had cleared itself. The history says otherwise."""
    store = Store()
    good = store.back_up(5_000)
    store.manifests.append(manifest(store.now + timedelta(hours=1), **counted({})))

    assert store.manifests[-1].suspicious == ()
    assert choose(store.catalog, "latest") == good
    assert content_alarm(store.catalog, WEKA)


def test_content_that_nobody_could_count_is_not_judged() -> None:
    """A module's type in the file: its counts are unknown, not zero, before and after others."""
    store = Store()
    store.back_up(5_000)
    unknown = manifest(
        store.now + timedelta(hours=1), inventory_missing="a module's type", **counted({})
    )
    store.manifests.append(unknown)

    assert restored_keys(unknown, WEKA) is None
    assert content_drift(unknown, usual_backups(store.catalog, unknown.created_at), WEKA) == ()
    assert choose(store.catalog, "latest") == unknown
    store.now = unknown.created_at
    assert store.back_up(5_000).suspicious == ()
    assert store.back_up(10).suspicious == ("DB 0: 10 keys, usually 5000",)


def test_a_newer_backup_that_cannot_be_read_is_named() -> None:
    """The newest one is damaged: the one before it is taken, and the plan says so."""
    store = Store()
    good = store.back_up(100)
    store.unreadable["20991231T000000Z-000000"] = Damaged("dump.rdb.zst is missing", "look")
    choice = choice_of(store.catalog, "latest", choose(store.catalog, "latest"))

    assert choice.manifest == good
    assert choice.skipped == {
        "20991231T000000Z-000000": "it cannot be used: dump.rdb.zst is missing"
    }


@settings(deadline=None, max_examples=150)
@given(
    st.lists(
        st.one_of(
            st.tuples(st.just("back up"), st.sampled_from((0, 1, 40, 150, 1000, 5000, 10_000))),
            st.tuples(st.just("safety"), st.sampled_from((0, 40, 10_000))),
            st.tuples(st.just("accept"), st.integers(0, 30)),
        ),
        max_size=25,
    )
)
def test_no_history_makes_an_empty_or_fallen_backup_the_latest(
    steps: list[tuple[str, int]],
) -> None:
    """For every history of backups, restores and acceptances, at each moment of it:

    * the latest is regular; the newer ones that it passes over are all named, with a reason;
    * it holds a key when an earlier backup did, unless a person accepted an empty one since;
    * it holds at least half of the smallest of the last seven usual ones before it, unless a
      person accepted another since;
    * the content of an accepted latest, once more, is usual.
    """
    store = Store()
    for action, value in steps:
        regular = [one for one in store.manifests if not one.is_safety]
        if action == "accept":
            if regular:
                store.accept(regular[value % len(regular)])
        else:
            store.back_up(value, safety=action == "safety")
        _hold(store)


def _hold(store: Store) -> None:
    catalog = store.catalog
    try:
        latest = choose(catalog, "latest")
    except UsageError:
        assert not catalog.sound
        return
    newer = [one for one in catalog.manifests if one.created_at > latest.created_at]
    skipped = choice_of(catalog, "latest", latest).skipped
    assert not latest.is_safety
    assert [one.backup_id for one in newer] == list(skipped)
    assert all(skipped.values())
    since = _since_acceptance(store, latest.created_at)
    keys = _keys(latest)
    if any(_keys(one) for one in since):
        assert keys
    usual = [_keys(one) for one in since if not catalog.suspicious(one)][-8:-1]
    if usual and min(usual) >= WEKA.drift.at_least and latest.backup_id not in store.accepted:
        assert keys >= min(usual) / 2
    if latest.backup_id in store.accepted:
        same = latest.model_copy(update={"created_at": store.now + timedelta(hours=1)})
        assert content_drift(same, usual_backups(catalog, same.created_at), WEKA) == ()


def _since_acceptance(store: Store, until: datetime) -> list[Manifest]:
    """Regular backups up to the moment, from the newest accepted one of them on; oldest first."""
    regular = [one for one in store.manifests if not one.is_safety and one.created_at <= until]
    accepted = [n for n, one in enumerate(regular) if one.backup_id in store.accepted]
    return regular[accepted[-1] :] if accepted else regular


def _keys(made: Manifest) -> int:
    return sum(one.keys for one in made.databases.values())
