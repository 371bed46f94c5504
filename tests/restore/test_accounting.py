"""What became of the placed keys: no reason explains more than it can."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from redis_dr.tasks.model.restore.accounting import DatabaseAccount, judge_loaded, judge_placed
from redis_dr.tasks.restore.accounts import accounts_after
from redis_dr.tasks.restore.compare import Comparison, explain

counts = st.integers(0, 50)
names = st.sampled_from(["equal", "gone", "differing"])
seen = st.dictionaries(st.integers(0, 3), st.dictionaries(names, counts).map(Counter))


@given(outcomes=seen, evicted=counts, touched=st.one_of(counts, st.just(float("inf"))))
def test_every_key_has_one_outcome_and_no_reason_is_overdrawn(
    outcomes: dict[int, Counter[str]], evicted: int, touched: float
) -> None:
    """
    Evicted never exceeds the server's count, changed never what clients can have touched, no count
    is negative, no key vanishes from the account, and a key is left over only without reasons.
    """
    explained = explain(outcomes, evicted, touched)
    total = sum(explained.values(), Counter())
    assert all(count >= 0 for one in explained.values() for count in one.values())
    assert {db: one.total() for db, one in explained.items()} == {
        db: one.total() for db, one in outcomes.items()
    }
    assert total["evicted"] <= evicted
    assert total["changed"] <= touched
    if total["differing"]:
        assert total["changed"] == touched
    if total["missing"]:
        assert total["evicted"] == evicted


PLANNED = {0: DatabaseAccount(in_backup=12, dropped=2, placed=10)}


def test_hashes_whose_fields_have_all_expired_are_not_restored() -> None:
    """
    Ten placed, every key compared, and the file holds two hashes in which no field is alive: they
    are counted as expired, and the account closes. In a sample nothing is known of them.
    """
    outcomes = {0: Counter(equal=7, expired=1)}
    account = accounts_after(PLANNED, outcomes, {0: 7}, sampled=False)[0]
    assert (account.restored, account.expired) == (7, 3)
    assert judge_placed(0, account).ok

    account = accounts_after(PLANNED, {0: Counter(equal=4)}, {0: 10}, sampled=True)[0]
    assert (account.restored, account.expired) == (10, 0)


def test_a_key_that_is_missing_is_never_taken_for_an_expired_hash() -> None:
    """
    Every compared key has an outcome: one that is gone without a reason stays missing.
    """
    outcomes = {0: Counter(equal=9, missing=1)}
    account = accounts_after(PLANNED, outcomes, {0: 9}, sampled=False)[0]
    assert (account.restored, account.expired, account.missing) == (9, 0, 1)
    assert not judge_placed(0, account).ok


@pytest.mark.parametrize(
    ("loaded", "sampled", "ok"),
    [(10, False, True), (8, False, True), (7, False, False), (11, False, False), (8, True, False)],
)
def test_a_load_may_leave_out_hashes_without_a_live_field_and_nothing_else(
    loaded: int, ok: bool, *, sampled: bool
) -> None:
    """
    Two of ten placed keys have no field that is alive: eight to ten were loaded.
    """
    outcomes = {0: Counter(equal=8)}
    comparison = Comparison(outcomes, sampled=sampled, written_to=False, found={0: 8})
    assert judge_loaded(loaded, 10, comparison.without_fields(10)).ok is ok
