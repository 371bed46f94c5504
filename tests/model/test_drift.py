"""The content drift alarm: a fall is seen, noise and what a restore leaves empty is not."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from redis_dr.tasks.model.backup.drift import content_drift
from redis_dr.tasks.model.settings.store import StoreSettings
from tests.support.backups import counted, days_ago, instance, manifest

WEKA = instance(
    StoreSettings(),
    databases={1: {"on_restore": "empty"}},
    keys=[
        {"pattern": "lock:{id}", "on_restore": "drop"},
        {"pattern": "doc:{id}"},
    ],
)


def _made(days: float, keys: int, docs: int = 5000, locks: int = 900, test: int = 800) -> object:
    patterns = {"doc:{id}": docs, "lock:{id}": locks, "": keys}
    return manifest(days_ago(days), **counted({0: keys, 1: test}, patterns))


PAST = [_made(day, 10_000 + day) for day in range(1, 9)]


@pytest.mark.parametrize(
    ("now", "says"),
    [
        ({"keys": 10_000}, ()),
        ({"keys": 5_003}, ()),
        ({"keys": 4_000}, ("DB 0: 4000 keys, usually 10004",)),
        ({"keys": 0}, ("DB 0: 0 keys, usually 10004",)),
        ({"keys": 10_000, "docs": 10}, ("doc:{id} in DB 0: 10 keys, usually 5000",)),
        ({"keys": 90_000}, ()),
        ({"keys": 10_000, "locks": 0}, ()),
        ({"keys": 10_000, "test": 0}, ()),
    ],
)
def test_a_fall_below_half_the_median_is_told(now: dict[str, int], says: tuple[str, ...]) -> None:
    """By database and by pattern; dropped patterns and emptied databases do not count."""
    assert content_drift(_made(0, **now), PAST, WEKA) == says  # type: ignore[arg-type] # it is a manifest


def test_a_database_that_is_gone_fell() -> None:
    """After FLUSHALL the RDB does not even name the database."""
    empty = manifest(days_ago(0), **counted({}))
    assert [reason.split(":")[0] for reason in content_drift(empty, PAST, WEKA)] == ["DB 0", "doc"]


def test_the_first_backup_has_nothing_to_fall_from() -> None:
    """And later ones do not look at what came after them."""
    assert content_drift(_made(99, 3), PAST, WEKA) == ()  # type: ignore[arg-type] # same
    assert content_drift(_made(0, 3), [], WEKA) == ()  # type: ignore[arg-type] # same


def test_one_odd_backup_does_not_move_the_median() -> None:
    """Nor does a small database raise an alarm."""
    odd = [_made(0.5, 1, docs=1), *PAST]
    assert content_drift(_made(0, 9_000), odd, WEKA) == ()  # type: ignore[arg-type,list-item] # same
    small = [_made(day, 80, docs=80) for day in (1, 2, 3)]
    assert content_drift(_made(0, 0, docs=0), small, WEKA) == ()  # type: ignore[arg-type] # same


@given(st.lists(st.integers(0, 10**6), max_size=9), st.integers(0, 10**6))
def test_more_keys_never_raise_an_alarm(past: list[int], now: int) -> None:
    """With at least as many keys as any backup before, nothing looks wrong."""
    before = [manifest(days_ago(n + 1), **counted({0: keys})) for n, keys in enumerate(past)]
    made = manifest(days_ago(0), **counted({0: max([now, *past])}))
    assert content_drift(made, before, WEKA) == ()
