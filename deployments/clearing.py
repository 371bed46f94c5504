"""What serve does first and last: bring back instances whose run was killed, close those runs.

The janitor does the same, but nobody should wait for its next turn with a Redis that is down.
"""

import sys
from collections.abc import Sequence

from redis_dr.flows.orchestration.artifacts import API_ERRORS
from redis_dr.flows.orchestration.crashed_runs import bury
from redis_dr.flows.orchestration.pages.recover import recover_line
from redis_dr.flows.runbook.fleet import one_line
from redis_dr.flows.runbook.recover.janitor import recover_if_needed
from redis_dr.tasks.model.errors import RedisDrError
from redis_dr.tasks.model.settings.instance import Instance


def clear(instances: Sequence[Instance]) -> None:
    """Every instance is tried, whatever becomes of the others; an API that is away is only told."""
    for instance in instances:
        try:
            report = recover_if_needed(instance, _tell)
        except RedisDrError as error:
            _tell(f"{instance.name}: {one_line(error)}")
            continue
        if report.phase is not None:
            _tell(f"{instance.name}: {recover_line(report)}")
    try:
        for name in bury():
            _tell(f"{name} was shown as running; its process is gone")
    except API_ERRORS as error:
        _tell(f"the run list was not looked at: {type(error).__name__}")


def _tell(line: str, _done: float | None = None, /) -> None:
    print(f"serve: {line}", file=sys.stderr, flush=True)
