"""ask_all by itself: what holds for every service, however it behaves."""

import threading

import hypothesis.strategies as st
from hypothesis import example, given, settings

from redis_dr.tasks.cache.warm import ask_all
from redis_dr.tasks.model.cache.queries import Query, in_order
from redis_dr.tasks.model.errors import ServiceDown, ServiceError
from redis_dr.tasks.model.settings.instance import Instance


class Scripted:
    """A service that answers by a script: g(ood), d(own), r(efuses); good when it is used up."""

    name = "scripted"

    def __init__(self, script: str) -> None:
        self._script = iter(script)
        self._lock = threading.Lock()
        self.answered: list[str] = []
        self.requests = 0

    def ask(self, text: str, timeout_seconds: float) -> None:
        with self._lock:
            self.requests += 1
            move = next(self._script, "g")
        if move == "d":
            raise ServiceDown("down", "wait")
        if move == "r":
            raise ServiceError("refused", "ask otherwise")
        with self._lock:
            self.answered.append(text)

    def close(self) -> None:
        """Nothing to close."""


def _instance(concurrency: int) -> Instance:
    return Instance(
        name="a",
        container="a",
        warm={"concurrency": concurrency, "budget_seconds": 5, "endpoint": "http://x"},
        resilience={
            "backoff_seconds": 0.0001,
            "backoff_cap_seconds": 0.0002,
            "breaker_reset_seconds": 0.001,
        },
    )


@settings(max_examples=60, deadline=None)
@example(script="d" * 40, count=3, concurrency=1)  # it ends with one that was put off
@given(
    script=st.text("gdr", max_size=40),
    count=st.integers(0, 12),
    concurrency=st.integers(1, 6),
)
def test_every_query_asked_is_answered_or_failed(script, count, concurrency):
    """
    Whatever the service does, asked = answered + failed, no query is answered twice, and what the
    outcome says was sent is what the service got.
    """
    service = Scripted(script)
    queries = [Query(text=str(number)) for number in range(count)]

    outcome = ask_all(queries, service, _instance(concurrency), None)

    assert outcome.asked == outcome.answered + outcome.failed
    assert outcome.answered == len(service.answered) == len(set(service.answered))
    assert outcome.requests == service.requests
    assert outcome.stopped or outcome.asked == count


@given(st.lists(st.tuples(st.text("ab", min_size=1, max_size=2), st.integers(0, 5))))
def test_merging_loses_no_query_and_no_weight(pairs):
    """Every text is there once, with all its weight, and never behind a lighter one."""
    merged = in_order(Query(text=text, weight=weight) for text, weight in pairs)

    assert {query.text for query in merged} == {text for text, _ in pairs}
    assert len(merged) == len({text for text, _ in pairs})
    for query in merged:
        assert query.weight == sum(weight for text, weight in pairs if text == query.text)
    assert [query.weight for query in merged] == sorted((q.weight for q in merged), reverse=True)
