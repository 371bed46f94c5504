"""Asks the common queries, heaviest first, with bounded concurrency, rate, tries and time."""

import threading
import time
from collections import Counter, deque
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_EXCEPTION, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from typing import Protocol

from redis_dr.tasks.model.cache.queries import Query
from redis_dr.tasks.model.cache.warm_report import BreakerChange, Outcome
from redis_dr.tasks.model.errors import CircuitOpen, ServiceDown, ServiceError
from redis_dr.tasks.model.progress import Meter, Progress, quiet
from redis_dr.tasks.model.settings.instance import Instance
from redis_dr.tasks.resilience.breaker import Breaker
from redis_dr.tasks.resilience.pace import Pace
from redis_dr.tasks.resilience.retry import Patience, with_retries
from redis_dr.tasks.step import step

_LOOK_SECONDS = 0.5  # between two looks at how far it is
TARGET = "target hit ratio reached"


class Service(Protocol):
    """A service that answers queries. `ask` returns on an answer, else it raises ServiceError."""

    name: str

    def ask(self, text: str, timeout_seconds: float) -> None: ...

    def close(self) -> None: ...


Cached = Callable[[Sequence[str]], list[bool]]  # texts -> is the answer in the cache now?


@step
def ask_all(
    queries: Sequence[Query],
    service: Service,
    instance: Instance,
    cached: Cached | None,
    progress: Progress = quiet,
) -> Outcome:
    """Ask each query once, those that are cached already not at all.

    `cached` is None when nobody knows which key an answer leaves. The outcome tells all; failures
    of the service are in it and are not raised.
    """
    return _WarmUp(queries, service, instance, cached).run(progress)


@dataclass(slots=True)
class _Errand:
    """One query in the hand of one worker."""

    query: Query
    sent: bool = False
    postponed: str = ""  # why; one that failed in passing gets a second chance at the end


class _WarmUp:
    """One run. What several threads touch is touched under the lock."""

    def __init__(
        self, queries: Sequence[Query], service: Service, instance: Instance, cached: Cached | None
    ) -> None:
        self._queries, self._service, self._cached = queries, service, cached
        self._settings, self._resilience = instance.warm, instance.resilience
        self._breaker = Breaker(service.name, instance.resilience)
        self._pace = Pace(instance.warm.rate_per_second)
        self._lock = threading.Lock()
        self._over = threading.Event()
        self._stopped = ""
        self._heard = False  # it took a connection: it exists, whatever it answered
        self._counts: Counter[str] = Counter()
        self._failures: Counter[str] = Counter()
        self._todo: deque[_Errand] = deque()  # its appends and pops are atomic
        self._total = sum(query.weight for query in queries)
        self._warm_weight = 0.0

    def run(self, progress: Progress) -> Outcome:
        before = self._present()
        self._warm_weight = _weight(self._queries, before)
        ratio_before = self._ratio(self._warm_weight)
        self._begun = time.monotonic()
        self._check_target()
        missing = (q for q, there in zip(self._queries, before, strict=True) if not there)
        self._todo.extend(_Errand(query) for query in missing)
        self._spread(Meter(progress, "warming", len(self._todo)))
        seconds = time.monotonic() - self._begun
        # those whose second chance did not come
        self._failures.update(errand.postponed for errand in self._todo if errand.sent)
        ratio_after = self._ratio(_weight(self._queries, self._present()))
        return Outcome(
            queries=len(self._queries),
            asked=self._counts["asked"],
            answered=self._counts["answered"],
            newly_cached=self._counts["cached"] if self._cached else None,
            already_there=sum(before) if self._cached else None,
            failed=sum(self._failures.values()),
            failures=dict(self._failures.most_common()),
            requests=self._counts["requests"],
            stopped=self._stopped,
            hit_ratio_before=ratio_before,
            hit_ratio_after=ratio_after,
            seconds=round(seconds, 3),
            breaker=self._changes(),
        )

    def _changes(self) -> tuple[BreakerChange, ...]:
        changes = self._breaker.transitions
        return tuple(BreakerChange(at=change.at, state=change.state) for change in changes)

    def _spread(self, meter: Meter) -> None:
        workers = self._settings.concurrency
        with ThreadPoolExecutor(workers, thread_name_prefix="warm") as pool:
            runs = [pool.submit(self._work) for _ in range(workers)]
            try:
                # told by this thread: only its context has a flow run
                while self._going_on(runs):
                    meter.at(self._counts["answered"] + self._failures.total())
                meter.end()
            finally:
                self._over.set()  # an interrupted run lets its workers finish their one request

    def _going_on(self, runs: Sequence[Future[None]]) -> bool:
        done, others = wait(runs, _LOOK_SECONDS, FIRST_EXCEPTION)
        for run in done:
            run.result()
        return bool(others)

    def _work(self) -> None:
        while not self._over.is_set():
            if self._remaining() <= 0:
                self._stop(f"the budget of {self._settings.budget_seconds:g} s is spent")
                return
            try:
                errand = self._todo.popleft()
            except IndexError:
                return
            self._settle(errand)

    def _settle(self, errand: _Errand) -> None:
        try:
            self._ask_patiently(errand)
        except (ServiceError, CircuitOpen) as error:
            if error.transient and not errand.postponed:
                errand.postponed = error.problem
                self._todo.append(errand)
            elif errand.sent:  # else it was in hand when the run ended, and never asked
                with self._lock:
                    self._failures[error.problem] += 1
            return
        self._count("answered")
        if self._cached is not None and self._cached([errand.query.text])[0]:
            with self._lock:
                self._counts["cached"] += 1
                self._warm_weight += errand.query.weight
            self._check_target()

    def _ask_patiently(self, errand: _Errand) -> None:
        patience = Patience(sleep=self._sleep, remaining_seconds=self._remaining)
        while True:
            try:
                with_retries(self._resilience, lambda: self._try(errand), _asked_pause, patience)
            except CircuitOpen:
                # the query is not to blame: keep it in hand until the breaker lets one try pass
                if not self._heard:
                    self._stop(f"{self._service.name} cannot be reached")
                if self._breaker.failed_trials >= self._settings.give_up_after:
                    self._stop(f"{self._service.name} stayed down")
                if self._over.is_set() or self._breaker.remaining_seconds > self._remaining():
                    raise
                self._sleep(max(self._breaker.remaining_seconds, 0.02))
            else:
                return

    def _try(self, errand: _Errand) -> None:
        self._sleep(self._pace.reserve())
        remaining = self._remaining()
        if remaining <= 0 or self._over.is_set():
            raise ServiceError(
                "the warm-up ended before its turn came", "raise [warm] budget_seconds"
            )
        with self._breaker.guard(counts=_is_failure):
            self._count("requests")
            if not errand.sent:
                errand.sent = True
                self._count("asked")
            try:
                self._service.ask(errand.query.text, min(self._settings.timeout_seconds, remaining))
                self._heard = True
            except ServiceDown as error:
                self._heard = self._heard or not error.absent
                self._pace.hold(error.retry_after_seconds)
                raise

    def _present(self) -> list[bool]:
        if self._cached is None:
            return [False] * len(self._queries)
        return self._cached([query.text for query in self._queries])

    def _ratio(self, weight: float) -> float | None:
        return round(weight / self._total, 4) if self._cached and self._total else None

    def _check_target(self) -> None:
        target = self._settings.target_hit_ratio
        # 1e-9: sums of weights are floats
        if target is not None and self._total and self._warm_weight / self._total >= target - 1e-9:
            self._stop(TARGET)

    def _stop(self, reason: str) -> None:
        with self._lock:
            self._stopped = self._stopped or reason
        self._over.set()

    def _count(self, what: str) -> None:
        with self._lock:
            self._counts[what] += 1

    def _remaining(self) -> float:
        return self._begun + self._settings.budget_seconds - time.monotonic()

    def _sleep(self, seconds: float) -> None:
        if seconds > 0:
            self._over.wait(min(seconds, max(self._remaining(), 0.0)))


def _weight(queries: Sequence[Query], present: Sequence[bool]) -> float:
    return sum(query.weight for query, there in zip(queries, present, strict=True) if there)


def _is_failure(error: BaseException) -> bool:
    # 429 and a refusal are answers: the service lives
    return isinstance(error, ServiceDown) and not error.overloaded


def _asked_pause(error: BaseException) -> float:
    return error.retry_after_seconds if isinstance(error, ServiceDown) else 0.0
