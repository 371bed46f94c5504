"""The breaker and the retry rule, with a clock that the test turns."""

import threading
from itertools import pairwise

import hypothesis.strategies as st
import pytest
from hypothesis import given

from redis_dr.tasks.model.errors import CircuitOpen, NotReady, UsageError
from redis_dr.tasks.model.settings.limits import ResilienceSettings
from redis_dr.tasks.resilience.breaker import Breaker
from redis_dr.tasks.resilience.pace import Pace
from redis_dr.tasks.resilience.retry import Patience, with_retries

LIMITS = ResilienceSettings(breaker_failures=3, breaker_reset_seconds=10)


class Clock:
    """Monotonic by hand."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def call(breaker: Breaker, error: Exception | None = None) -> None:
    with breaker.guard(counts=lambda e: isinstance(e, NotReady)):
        if error is not None:
            raise error


def fail(breaker: Breaker, times: int = 1) -> None:
    for _ in range(times):
        with pytest.raises(NotReady):
            call(breaker, NotReady("down", "wait"))


def test_it_opens_after_failures_in_a_row_only():
    """A success in between sets the count back."""
    breaker = Breaker("x", LIMITS, Clock())
    fail(breaker, 2)
    call(breaker)
    fail(breaker, 2)
    assert breaker.state == "closed"

    fail(breaker)

    assert breaker.state == "open"
    with pytest.raises(CircuitOpen, match="down"):
        call(breaker)


def test_errors_that_do_not_count_change_nothing():
    """An answer that is unwelcome is an answer."""
    breaker = Breaker("x", LIMITS, Clock())
    for _ in range(9):
        with pytest.raises(UsageError):
            call(breaker, UsageError("wrong", "right"))

    assert breaker.state == "closed"


def test_after_the_pause_one_try_passes_and_decides():
    """Half-open: failure opens it again for the whole pause, success closes it."""
    clock = Clock()
    breaker = Breaker("x", LIMITS, clock)
    fail(breaker, 3)
    clock.now = 10
    fail(breaker)
    assert (breaker.state, breaker.failed_trials) == ("open", 1)
    clock.now = 19.9
    with pytest.raises(CircuitOpen):
        call(breaker)
    clock.now = 20

    call(breaker)

    assert (breaker.state, breaker.failed_trials) == ("closed", 0)
    states = [change.state for change in breaker.transitions]
    assert states == ["open", "half-open", "open", "half-open", "closed"]


def test_only_one_try_passes_while_half_open():
    """Of eight threads that come at once, one gets through; the others are told it is open."""
    clock = Clock()
    breaker = Breaker("x", LIMITS, clock)
    fail(breaker, 3)
    clock.now = 10
    passed, refused = [], []
    inside, go_on = threading.Event(), threading.Event()

    def trial() -> None:
        with breaker.guard(counts=lambda _e: True):
            passed.append(1)
            inside.set()
            go_on.wait(5)

    first = threading.Thread(target=trial)
    first.start()
    assert inside.wait(5)
    for _ in range(7):
        try:
            call(breaker)
        except CircuitOpen:
            refused.append(1)
    go_on.set()
    first.join()

    assert (len(passed), len(refused)) == (1, 7)
    assert breaker.state == "closed"


@given(st.lists(st.sampled_from(["ok", "down", "wrong", "wait"]), max_size=60))
def test_it_never_lets_pass_what_it_should_stop(moves):
    """
    For every history: calls pass when fewer than three failures in a row came since the last
    success, or when the pause is over; else CircuitOpen.
    """
    clock = Clock()
    breaker = Breaker("x", LIMITS, clock)
    failures, opened = 0, None  # the model
    for move in moves:
        if move == "wait":
            clock.now += 10
            continue
        error = {"down": NotReady("d", "r"), "wrong": UsageError("w", "r")}.get(move)
        passes = opened is None or clock.now - opened >= 10
        try:
            call(breaker, error)
        except CircuitOpen:
            assert not passes
            continue
        except (NotReady, UsageError):
            pass
        assert passes
        if move == "ok":
            failures, opened = 0, None
        elif move == "down":
            failures += 1
            if failures >= 3 or opened is not None:
                opened = clock.now


@given(failures=st.integers(0, 9), retries=st.integers(0, 4))
def test_a_transient_error_is_tried_so_often_and_no_more(failures, retries):
    """max_retries retries after the first try; the last error comes out as it came."""
    tries, slept = [], []

    def work() -> str:
        tries.append(1)
        if len(tries) <= failures:
            raise NotReady("down", "wait")
        return "done"

    limits = ResilienceSettings(max_retries=retries)
    try:
        result = with_retries(limits, work, patience=Patience(sleep=slept.append))
    except NotReady:
        result = "gave up"

    assert result == ("done" if failures <= retries else "gave up")
    assert len(tries) == min(failures, retries) + 1
    assert len(slept) == len(tries) - 1
    assert all(pause <= limits.backoff_cap_seconds for pause in slept)


def test_an_error_that_will_not_pass_is_tried_once():
    """A usage error is the same the next time."""
    tries = []

    def work() -> None:
        tries.append(1)
        raise UsageError("wrong", "right")

    with pytest.raises(UsageError):
        with_retries(ResilienceSettings(), work)

    assert len(tries) == 1


def test_no_try_begins_after_the_deadline():
    """When the next pause would reach beyond the time that is left, the error comes out now."""
    tries = []

    def work() -> None:
        tries.append(1)
        raise NotReady("down", "wait")

    with pytest.raises(NotReady):
        with_retries(
            ResilienceSettings(), work, lambda _e: 5.0, Patience(remaining_seconds=lambda: 1.0)
        )

    assert len(tries) == 1


@given(st.lists(st.floats(0, 2), min_size=2, max_size=20))
def test_the_pace_is_never_exceeded(steps):
    """Whenever askers come, their turns are at least 1/rate apart, in their order."""
    clock = Clock()
    pace = Pace(4, clock)
    turns = []
    for step in steps:
        clock.now += step
        turns.append(clock.now + pace.reserve())

    assert all(later - earlier >= 0.25 - 1e-9 for earlier, later in pairwise(turns))
