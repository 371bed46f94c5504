"""What a step is: a plain function that shows as a Prefect task when a flow run is going on.

From the command line Prefect is not even imported (`redis-dr list` answers in well under a
second), so the order in flows/runbook is written once and works with the server dead.
"""

import functools
import sys
from collections.abc import Callable
from typing import Any, Generic, ParamSpec, TypeVar, cast

P = ParamSpec("P")
R = TypeVar("R")


def step(function: Callable[P, R]) -> Callable[P, R]:
    """Mark a function as one step of a runbook; its first docstring line is what people see."""

    @functools.wraps(function)
    def call(*args: P.args, **kwargs: P.kwargs) -> R:
        if not _in_flow_run():
            return function(*args, **kwargs)
        return _shown(function, _Once(functools.partial(function, *args, **kwargs)))

    return call


class _Once(Generic[R]):
    """One call of a step, made at most once, whatever the orchestrator does around it.

    To Prefect it is a leaf: arguments inside are neither walked nor copied nor stored.
    """

    def __init__(self, work: Callable[[], R]) -> None:
        self._work = work
        self._results: list[R] = []
        self._began = False

    def __call__(self) -> None:
        self._began = True
        self._results.append(self._work())

    def outcome(self) -> R:
        """What the step returned; when nothing called it, it is called now."""
        if not self._began:
            self()
        return self._results[0]

    @property
    def failed(self) -> bool:
        """Whether the step itself raised."""
        return self._began and not self._results


def _shown(function: Callable[P, R], once: _Once[R]) -> R:
    import httpx  # noqa: PLC0415 Prefect's own client, loaded with it
    from prefect.exceptions import PrefectException  # noqa: PLC0415 loaded: a flow run is going on

    try:
        _as_task(function)(once)
    except (PrefectException, httpx.HTTPError, OSError, RuntimeError):
        # a restore must not stop half way because the API went away: what counts is the step
        if once.failed:
            raise
    return once.outcome()


def _in_flow_run() -> bool:
    if "prefect" not in sys.modules:
        return False
    from prefect.context import FlowRunContext, TaskRunContext  # noqa: PLC0415 only when it is there already

    # a step called by a step is part of it: a task in a task would only add noise
    return FlowRunContext.get() is not None and TaskRunContext.get() is None


@functools.cache
def _as_task(function: Callable[..., Any]) -> Callable[[_Once[Any]], None]:
    from prefect import task  # noqa: PLC0415 the command line must not pay 2 s for it
    from prefect.cache_policies import NO_CACHE  # noqa: PLC0415 same

    def run(once: _Once[Any]) -> None:
        once()

    run.__name__, run.__qualname__ = function.__name__, function.__qualname__
    run.__module__, run.__doc__ = function.__module__, function.__doc__
    # retries live in one rule of ours, valid with and without Prefect
    shown = task(
        name=function.__name__.replace("_", " "),
        cache_policy=NO_CACHE,
        persist_result=False,
        retries=0,
    )(run)
    return cast("Callable[[_Once[Any]], None]", shown)
