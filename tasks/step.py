"""What a step is: a plain function that shows as a Prefect task when a flow run is going on.

From the command line Prefect is not even imported (`redis-dr list` answers in well under a
second), so the order in flows/runbook is written once and works with the server dead.
"""

import contextlib
import functools
import sys
from collections.abc import Callable
from typing import Any, Generic, ParamSpec, TypeVar

from redis_dr.tasks.model.errors import RedisDrError

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
        self._error: Exception | None = None
        self._began = False

    def __call__(self) -> RedisDrError | None:
        """Call the step. An error of ours is returned, any other one is raised."""
        self._began = True
        try:
            self._results.append(self._work())
        except RedisDrError as error:
            self._error = error
            return error
        except Exception as error:
            self._error = error
            raise
        return None

    def outcome(self) -> R:
        """What the step returned or raised; when nothing called it, it is called now."""
        if not self._began:
            self()
        if self._error is not None:
            raise self._error
        return self._results[0]


def _shown(function: Callable[P, R], once: _Once[R]) -> R:
    import httpx  # noqa: PLC0415 Prefect's own client, loaded with it
    from prefect.exceptions import PrefectException  # noqa: PLC0415 loaded: a flow run is going on

    # a restore must not stop half way because the API went away: what counts is the step
    with contextlib.suppress(PrefectException, httpx.HTTPError, OSError, RuntimeError):
        _as_task(function)(once)
    return once.outcome()


def _in_flow_run() -> bool:
    if "prefect" not in sys.modules:
        return False
    from prefect.context import FlowRunContext, TaskRunContext  # noqa: PLC0415 only when it is there already

    # a step called by a step is part of it: a task in a task would only add noise
    return FlowRunContext.get() is not None and TaskRunContext.get() is None


@functools.cache
def _as_task(function: Callable[..., Any]) -> Callable[[_Once[Any]], object]:
    from prefect import task  # noqa: PLC0415 the command line must not pay 2 s for it
    from prefect.cache_policies import NO_CACHE  # noqa: PLC0415 same
    from prefect.states import Failed  # noqa: PLC0415 same

    def run(once: _Once[Any]) -> object:
        # the state says what happened; a traceback would say that redis-dr has a bug
        error = once()
        return Failed(message=str(error)) if error is not None else None

    run.__name__, run.__qualname__ = function.__name__, function.__qualname__
    run.__module__, run.__doc__ = function.__module__, function.__doc__
    # retries live in one rule of ours, valid with and without Prefect
    shown = task(
        name=function.__name__.replace("_", " "),
        cache_policy=NO_CACHE,
        persist_result=False,
        retries=0,
    )(run)
    # the state, not its result: `outcome` has the step's own
    return functools.partial(shown, return_state=True)
