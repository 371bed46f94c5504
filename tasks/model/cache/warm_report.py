"""What a warm-up did, and what it was worth."""

from typing import Self

from pydantic import BaseModel, ConfigDict, Field

from redis_dr.tasks.model.report import Finding, Report, heading
from redis_dr.tasks.model.timings import Timings


class BreakerChange(BaseModel):
    """One change of the breaker's state. `at` is in seconds since the first query."""

    model_config = ConfigDict(frozen=True, hide_input_in_errors=True, extra="forbid")

    at: float  # seconds since the first query
    state: str  # closed | open | half-open


class Outcome(BaseModel):
    """What became of the queries: asked = answered + failed; the rest was not asked."""

    model_config = ConfigDict(frozen=True, hide_input_in_errors=True, extra="forbid")

    queries: int  # distinct ones, after merging the lists
    asked: int = 0  # queries that were sent
    answered: int = 0  # queries that got an answer
    newly_cached: int | None = None  # answered, and the key is there now; None: no cache_key known
    already_there: int | None = None  # not asked: the answer was cached before
    failed: int = 0  # queries that got none
    failures: dict[str, int] = Field(default_factory=dict)  # reason -> queries
    requests: int = 0  # tries, retries included
    stopped: str = ""  # why before the end of the list; empty: it was finished
    hit_ratio_before: float | None = None  # share of the list that is cached, by weight
    hit_ratio_after: float | None = None  # the same after the warm-up
    seconds: float = 0.0  # from the first query to the last answer
    breaker: tuple[BreakerChange, ...] = ()  # changes of the circuit breaker


class WarmReport(Report):
    """The report of `warm`; a restore carries it as `warm`."""

    configured: bool = True  # there are lists and an endpoint
    reason: str = ""  # when not configured: what is missing
    outcome: Outcome = Outcome(queries=0)  # what became of the queries
    keys_before: int | None = None  # of the counted patterns
    keys_after: int | None = None  # of the counted patterns
    server_hit_ratio: float | None = None  # keyspace hits of all clients while it ran
    replay_hit_ratio: float | None = None  # the same while the list was asked once more
    backup_hit_ratio: float | None = None  # as the manifest recorded it

    @property
    def headline(self) -> str:
        """For example: 98 of 100 queries answered, 80 newly cached."""
        if not self.configured:
            return self.reason
        outcome = self.outcome
        cached = "" if outcome.newly_cached is None else f", {outcome.newly_cached:,} newly cached"
        return f"{outcome.answered:,} of {outcome.asked:,} queries answered{cached}"

    @classmethod
    def not_configured(cls, instance: str, reason: str, timings: Timings) -> Self:
        """The report when no warm-up is configured. It is not a success: nothing was warmed."""
        finding = Finding(check="warm-up configured", ok=False, detail=reason)
        return cls(
            **heading("warm", instance, timings, [finding]),
            configured=False,
            reason=reason,
        )


def judge(outcome: Outcome, *, target: float | None) -> tuple[Finding, ...]:
    """The verdict on a warm-up. One that was stopped by its target is whole."""
    findings = [
        Finding(
            check="every query asked was answered",
            ok=outcome.failed == 0,
            expected=outcome.asked,
            actual=outcome.answered,
            detail="; ".join(f"{count} x {reason}" for reason, count in outcome.failures.items()),
        ),
        Finding(
            check="the list was worked through",
            ok=outcome.queries > 0 and outcome.stopped in {"", "target hit ratio reached"},
            expected=outcome.queries,
            actual=outcome.asked + (outcome.already_there or 0),
            detail=outcome.stopped or ("" if outcome.queries else "the lists hold no query"),
        ),
    ]
    if outcome.newly_cached is not None:
        findings.append(_cached(outcome, target))
    return tuple(findings)


def _cached(outcome: Outcome, target: float | None) -> Finding:
    wanted = target if target is not None else outcome.hit_ratio_before
    after = outcome.hit_ratio_after
    return Finding(
        check="answers are in the cache",
        ok=after is not None and after >= (wanted or 0.0) and after > 0,
        expected=f"at least {wanted or 0.0:.2f} of the list",
        actual=f"{after:.2f}" if after is not None else "unknown",
        detail="" if after else "the service answers, but leaves no key of the form cache_key",
    )
