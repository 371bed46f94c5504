"""What a step is: a plain function that shows as a Prefect task when a flow run is going on.

From the command line Prefect is not even imported (`redis-dr list` answers in well under a
second), so the order in flows/runbook is written once and works with the server dead.
"""

import functools
import sys
from collections.abc import Callable
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
R = TypeVar("R")


def step(function: Callable[P, R]) -> Callable[P, R]:
    """Mark a function as one step of a runbook; its first docstring line is what people see."""

    @functools.wraps(function)
    def call(*args: P.args, **kwargs: P.kwargs) -> R:
        if not _in_flow_run():
            return function(*args, **kwargs)
        shown: Callable[P, R] = _as_task(function)
        return shown(*args, **kwargs)

    return call


def _in_flow_run() -> bool:
    if "prefect" not in sys.modules:
        return False
    from prefect.context import FlowRunContext, TaskRunContext  # noqa: PLC0415 only when it is there already

    # a step called by a step is part of it: a task in a task would only add noise
    return FlowRunContext.get() is not None and TaskRunContext.get() is None


@functools.cache
def _as_task(function: Callable[P, R]) -> Callable[P, R]:
    from prefect import task  # noqa: PLC0415 the command line must not pay 2 s for it
    from prefect.cache_policies import NO_CACHE  # noqa: PLC0415 same

    # retries live in one rule of ours (tasks/retry.py), valid with and without Prefect
    made: Callable[P, R] = task(cache_policy=NO_CACHE, persist_result=False, retries=0)(function)
    return made
