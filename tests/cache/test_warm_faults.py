"""The warm-up against a service that is dead, slow, failing, flapping or overloaded."""

import socket
import time
from contextlib import closing

import pytest

from redis_dr.flows.runbook.restore.warm import warm
from redis_dr.tasks.http.query_service import HttpService
from redis_dr.tasks.model.errors import ServiceDown
from tests.support.query_service import QueryService, reply


def test_an_endpoint_where_nobody_listens_ends_the_run_at_once(configured):
    """
    Refused connections open the breaker, and a service that never took one is not waited for: it
    cost 90 s at the end of a restore.
    """
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
    report = warm(configured(endpoint=f"http://127.0.0.1:{port}/", concurrency=2))

    assert not report.ok
    assert report.outcome.answered == 0
    assert "cannot be reached" in report.outcome.stopped
    assert [change.state for change in report.outcome.breaker] == ["open"]
    assert report.outcome.requests <= 5 + 1  # one more may have been on its way when it opened


def test_a_service_that_stays_down_opens_the_breaker_and_ends_the_run(configured, service):
    """Five failures open the breaker, each half-open try fails, after three of them it ends."""
    service.fault = lambda handler, number: reply(handler, 500) or True

    report = warm(configured(concurrency=2))

    assert not report.ok
    assert report.outcome.answered == 0
    assert "stayed down" in report.outcome.stopped
    states = [change.state for change in report.outcome.breaker]
    assert states == ["open", *["half-open", "open"] * 3]
    assert report.outcome.requests <= 5 + 1 + 3  # one more may have been on its way when it opened


def test_a_service_that_comes_back_closes_the_breaker(configured, service):
    """Flapping: the first eight requests get 500, then all is well, and every query is answered."""
    service.fault = lambda handler, number: number <= 8 and reply(handler, 500)

    report = warm(configured(concurrency=1, give_up_after=9))

    assert report.ok, report
    assert report.outcome.answered == 20
    states = [change.state for change in report.outcome.breaker]
    assert states[:3] == ["open", "half-open", "open"]
    assert states[-2:] == ["half-open", "closed"]


def test_one_in_three_failing_is_retried_and_does_not_open_the_breaker(configured, service):
    """Failures that are not in a row are dealt with by retries alone."""
    service.fault = lambda handler, number: number % 3 == 0 and reply(handler, 503)

    report = warm(configured(concurrency=1))

    assert report.ok
    assert report.outcome.breaker == ()
    assert report.outcome.requests > 20


def test_a_slow_service_times_out(configured, service):
    """Answers slower than timeout_seconds are failures; the run does not wait for them."""
    service.hold_seconds = 1.0
    started = time.monotonic()

    report = warm(configured(timeout_seconds=0.1, concurrency=4, give_up_after=1))

    assert not report.ok
    assert report.outcome.answered == 0
    assert any("in time" in reason for reason in report.outcome.failures)
    assert time.monotonic() - started < 5


def test_a_dripping_answer_times_out_too(configured, service):
    """One byte every 50 ms never pauses for long, and is cut off by the total all the same."""

    def drip(handler, _number):
        handler.send_response(200)
        handler.send_header("Content-Length", "1000")
        handler.end_headers()
        for _ in range(40):
            try:
                handler.wfile.write(b"x")
                handler.wfile.flush()
            except OSError:
                return True
            time.sleep(0.05)
        return True

    service.fault = drip
    begun = time.monotonic()

    asker = HttpService(configured().warm)
    with closing(asker), pytest.raises(ServiceDown, match="in time"):
        asker.ask("anything", 0.3)

    assert time.monotonic() - begun < 1.5  # the drip itself lasts 2 s


def test_retry_after_is_kept(configured, service):
    """429 with Retry-After: 1 pauses every worker for that second, and opens no breaker."""
    service.fault = lambda handler, number: number == 1 and reply(handler, 429, Retry_After="1")

    report = warm(configured(concurrency=1))

    assert report.ok
    assert report.outcome.breaker == ()
    assert service.moments[1] - service.moments[0] >= 0.95


def test_retry_after_holds_for_every_worker(configured, service):
    """Four workers: one is told to wait a second, and none of them asks on in that time."""
    service.hold_seconds = 0.05
    service.fault = lambda handler, number: number == 1 and reply(handler, 429, Retry_After="1")

    report = warm(configured(concurrency=4))

    soon = [moment for moment in service.moments if moment < service.moments[0] + 0.9]
    assert report.ok
    assert len(soon) <= 8  # those on their way, and at most one more each


def test_many_429_in_a_row_open_no_breaker(configured, service):
    """A service that says "slow down" lives: it is asked again and again, slower."""
    service.fault = lambda handler, number: number <= 3 and reply(handler, 429)

    report = warm(configured(concurrency=1, resilience={"breaker_failures": 2}))

    assert report.ok
    assert report.outcome.breaker == ()


def test_a_refusal_is_not_tried_again(configured, service):
    """404 will be 404 the next time: one request a query, the reason counted."""
    service.fault = lambda handler, _number: reply(handler, 404)

    report = warm(configured())

    assert not report.ok
    assert report.outcome.requests == 20
    assert list(report.outcome.failures.values()) == [20]
    assert "404" in next(iter(report.outcome.failures))


def test_an_answer_that_says_it_failed_is_a_failure(configured, service):
    """200 with {"isError": true} counts as failed, not as answered."""
    service.fault = lambda handler, _number: reply(handler, 200, b'{"isError": true}')

    report = warm(configured())

    assert report.outcome.answered == 0
    assert report.outcome.failed == 20


def test_a_broken_connection_is_tried_again(configured, service):
    """The service hangs up without an answer, once in four: all queries are answered."""

    def hang_up(handler, number):
        if number % 4:
            return False
        handler.close_connection = True
        return True

    service.fault = hang_up

    report = warm(configured(concurrency=2))

    assert report.ok
    assert report.outcome.answered == 20
    assert isinstance(service, QueryService)
