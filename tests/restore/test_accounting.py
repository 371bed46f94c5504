"""What became of the placed keys: no reason explains more than it can."""

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from redis_dr.tasks.restore.compare import explain

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
