"""Key patterns: the old meaning, in linear time, wherever a pattern meets a name from outside."""

import re
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from redis_dr.tasks.model.backup.inventory import Inventory, KeySize
from redis_dr.tasks.model.cache.invalidation import targets
from redis_dr.tasks.model.cache.queries import learned
from redis_dr.tasks.model.settings.key_pattern import fields_of, linear_source
from redis_dr.tasks.model.settings.keys import KeyRule, first_match
from redis_dr.tasks.rdb.inventory.patterns import matcher

# few letters, so that literals are found often, also across each other
literal_sets = st.lists(st.text("ab\n.", max_size=3), min_size=1, max_size=5)
keys = st.text("ab\n.", max_size=14)
HOSTILE = "user:" + ":doc:" * 20_000
PATTERNS = ("user:{id}:doc:{doc}:meta", "{a}:{b}{c}:{d}x", "user:{a}:{b}:{c}:{d}:{e}meta")


@settings(max_examples=400)
@given(literal_sets, keys)
def test_a_pattern_means_what_its_fields_say(literals: list[str], key: str) -> None:
    """For all literals and keys: the same keys, and the same fields, as `(.+)` for each field."""
    old = re.compile("(.+)".join(map(re.escape, literals)), re.DOTALL).fullmatch(key)

    new = re.compile(linear_source([each.encode() for each in literals]), re.DOTALL)

    assert (new.fullmatch(key.encode()) is not None) == (old is not None)
    assert fields_of(literals, key) == (old.groups() if old else None)


@pytest.mark.parametrize("pattern", PATTERNS)
def test_no_key_makes_a_pattern_slow(pattern: str) -> None:
    """A key of 100 KB that almost matches is judged in milliseconds."""
    rules = (KeyRule(pattern=pattern), KeyRule(pattern=pattern + "b"))
    begin = time.process_time()

    assert first_match(rules, 0, HOSTILE.encode()) is None
    _, indexes = matcher(rules, 0)
    assert indexes([(0, HOSTILE.encode(), None, None, 0, 0, 0)]) == [None]

    assert time.process_time() - begin < 0.5


def test_no_key_makes_an_invalidation_or_a_warm_up_slow() -> None:
    """The same where keys of a server are chosen, and where queries are read out of key names."""
    begin = time.process_time()
    (target,) = targets(["user:{id}:{x}:{doc_id}:{y}:meta"], "doc", [])
    assert target.regex.fullmatch(HOSTILE.encode()) is None
    hottest = KeySize(db=0, key=HOSTILE, type="string", bytes=1, frequency=9, idle_seconds=None)
    inventory = Inventory(rdb_version=11, size=0, databases={}, hottest=(hottest,))

    assert learned(inventory, "user:{a}:doc:{b}:{query}:meta", 10) == []

    assert time.process_time() - begin < 0.5


def test_a_query_is_read_out_of_the_name_of_a_key() -> None:
    """Fields on both sides of it take what they always took: the first ones the most."""
    hot = KeySize(db=0, key="q:a:b:c:d:x", type="string", bytes=1, frequency=9, idle_seconds=None)
    inventory = Inventory(rdb_version=11, size=0, databases={}, hottest=(hot,))

    texts = [query.text for query in learned(inventory, "q:{site}:{query}:{tail}", 10)]

    assert texts == ["d"]
