"""Which rule a key falls under: all rules at once decide like one after the other."""

import json
import time
from collections.abc import Sequence

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from redis_dr.tasks.model.settings.keys import KeyRule, first_match
from redis_dr.tasks.rdb.inventory.patterns import matcher
from redis_dr.tasks.restore.policy_by_server import MATCHES
from tests.support.redis_server import RedisServer

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


IN_LUA = (
    MATCHES
    + """
local literals, answers = cjson.decode(ARGV[1]), {}
for i = 2, #ARGV do answers[#answers + 1] = matches(ARGV[i], literals) and 1 or 0 end
return answers
"""
)


@settings(
    max_examples=150,
    deadline=None,  # a server answers
    suppress_health_check=[HealthCheck.function_scoped_fixture],  # nothing is stored
)
@given(patterns, st.lists(keys, min_size=1, max_size=20))
def test_a_server_judges_keys_as_the_splice_does(
    server: RedisServer, pattern: str, batch: list[bytes]
) -> None:
    """The script that applies policies on a server takes the same keys as a rule here."""
    rule = KeyRule(pattern=pattern)

    found = server.client().eval(IN_LUA, 0, json.dumps(rule.literals), *batch)

    assert found == [int(rule.regex.fullmatch(key) is not None) for key in batch]


def test_no_key_stops_the_server_that_applies_policies(server: RedisServer) -> None:
    """A key of 100 KB that almost matches takes it no time."""
    rule = KeyRule(pattern="user:{id}:doc:{doc}:{x}:meta")
    begin = time.monotonic()

    assert server.client().eval(
        IN_LUA, 0, json.dumps(rule.literals), b"user:" + b":doc:" * 20000
    ) == [0]

    assert time.monotonic() - begin < 2
