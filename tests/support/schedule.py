"""Which tests share a worker of pytest-xdist, and in which order they start.

The tests of a file stay with one worker: they share its servers. Files whose tests share nothing
that is expensive are divided into single tests. What takes longest starts first.
`pytest --keep-durations` writes tests/durations.json, from which the order comes.
"""

import json
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

import pytest
from xdist.scheduler import LoadScopeScheduling

DURATIONS = Path(__file__).parents[1] / "durations.json"
_LISTED_FROM = 2  # seconds; shorter units start last, in any order
# long tests, each with a container of its own, and long files without one
_DIVIDED = (
    "tests/rdb/test_hostile.py",
    "tests/rdb/test_inventory.py",
    "tests/recover/test_engine_restart.py",
    "tests/restore/",
    "tests/setup/",
)
# they share a Prefect server or environments: their start costs as much as several tests
# (these two start servers of their own, to kill them)
_TOGETHER = {
    "tests/prefect/test_kill_table.py::test_a_restore_that_loses": "Prefect, lost server",
    "tests/prefect/test_restarts.py::test_schedules_outlive": "Prefect, restarted server",
    "tests/package/": "the installed package",
    "tests/prefect/test_kill_table.py": "Prefect, first server",
    "tests/prefect/test_restarts.py": "Prefect, second server",
    "tests/prefect/test_workers.py": "Prefect, second server",
    "tests/prefect/": "Prefect, third server",
}


def unit(nodeid: str) -> str:
    """The unit of work that a test belongs to."""
    path = nodeid.partition("::")[0]
    for prefix, name in _TOGETHER.items():
        if nodeid.startswith(prefix):
            return name
    return nodeid if path.startswith(_DIVIDED) else path


def longest_first(items: list[pytest.Item]) -> None:
    """Sort by the last known duration of each unit; within a unit the order stays."""
    seconds = json.loads(DURATIONS.read_text())
    items.sort(key=lambda item: -seconds.get(unit(item.nodeid), 0))


def keep(reports: Iterable[object]) -> None:
    """Write how long each unit took in this run."""
    seconds: Counter[str] = Counter()
    for report in reports:
        if isinstance(report, pytest.TestReport):
            seconds[unit(report.nodeid)] += report.duration
    listed = {name: round(took) for name, took in seconds.most_common() if took >= _LISTED_FROM}
    DURATIONS.write_text(json.dumps(listed, indent=1) + "\n")


class LongestFirst(LoadScopeScheduling):
    """Give the next unit to the worker that is free."""

    def _split_scope(self, nodeid: str) -> str:
        return unit(nodeid)
