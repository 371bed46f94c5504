"""Which rule a key falls under: all rules at once decide like one after the other."""

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from redis_dr.tasks.model.settings.keys import KeyRule, first_match
from redis_dr.tasks.rdb.inventory.patterns import matcher

parts = st.sampled_from([b"lock:", b"ingest:", b"a", b"\n", b"\xff", b":", b"queue", b""])
keys = st.lists(parts, max_size=5).map(b"".join)
patterns = st.lists(
    st.sampled_from(["lock:", "{a}", "ingest:", "queue", ":", ".", "[a-z]*", "$", "{b}a"]),
    min_size=1,
).map("".join)
rule_sets = st.lists(st.builds(KeyRule, pattern=patterns, db=st.integers(0, 1)), max_size=6)


def assert_same(rules: Sequence[KeyRule], batches: Sequence[Sequence[bytes]]) -> None:
    """Every key of every batch, in the order given, is judged as `first_match` judges it."""
    for db in (0, 1):
        here, indexes = matcher(rules, db)
        for batch in batches:
            found = indexes([(0, key, None, None, 0, 0, 0) for key in batch])
            assert [None if index is None else here[index - 1] for index in found] == [
                first_match(rules, db, key) for key in batch
            ]


@given(rule_sets, st.lists(st.lists(keys, max_size=8), max_size=4))
def test_all_rules_at_once_decide_like_one_after_the_other(
    rules: list[KeyRule], batches: list[list[bytes]]
) -> None:
    """Whatever rules and keys, and whatever was remembered from keys before."""
    assert_same(rules, batches)


@pytest.mark.parametrize("width", [1, 4, 9])
def test_many_beginnings_change_no_answer(width: int) -> None:
    """More beginnings than are remembered, at every length that can be looked at."""
    rules = [
        KeyRule(pattern="a{x}"),
        KeyRule(pattern="doc:{x}"),
        KeyRule(pattern="doc:long:name:{x}"),
        KeyRule(pattern="{x}:7"),
        KeyRule(pattern="b:5"),
    ]
    names = [b"%0*d" % (width, number) for number in range(6000)]
    batches = [
        [prefix + name + suffix for name in names[at : at + 500]]
        for at in range(0, len(names), 500)
        for prefix in (b"", b"doc:", b"doc:long:name:", b"b:")
        for suffix in (b"", b":7")
    ]

    assert_same(rules, batches)
