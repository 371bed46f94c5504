"""What takes long shows how far it is: in the log, and as a bar that ends full."""

from pathlib import Path
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st
from prefect import flow
from prefect.runtime import flow_run

from redis_dr.flows.orchestration.progress import run_progress
from redis_dr.tasks.model.progress import Meter
from redis_dr.tasks.restore.compare import Comparison, compare_keys
from redis_dr.tasks.server.connection import ServerConnection
from tests.support.fault_proxy import Fault, FaultProxy
from tests.support.instance import instance_of
from tests.support.prefect_server import PrefectServer, every_row
from tests.support.progress import Heard
from tests.support.redis_server import RedisServer
from tests.support.waiting import wait_until

KEYS = 3000


def test_a_comparison_that_takes_long_is_a_bar_and_lines_in_the_log(
    redis_server: RedisServer, prefect_here: PrefectServer, tmp_path: Path
) -> None:
    """
    Over a slow line every key is compared; meanwhile per cents are told, and the bar ends full.
    """
    redis_server.client().mset({f"key {number}": "x" * 60 for number in range(KEYS)})
    redis_server.client().save()
    placed = tmp_path / "dump.rdb"
    placed.write_bytes(redis_server.read_file("/data/dump.rdb"))
    found: list[Comparison] = []

    with FaultProxy(redis_server.port) as line:
        line.inject(Fault("slow", rate=80_000))
        instance = instance_of(redis_server, url=f"redis://127.0.0.1:{line.port}")

        @flow
        def verifies() -> UUID:
            progress = run_progress("restore", "far-away")
            with ServerConnection(instance) as server:
                found.append(compare_keys(server, placed, KEYS, progress))
            return UUID(flow_run.id)

        run = verifies()

    assert found[0].outcomes[0]["equal"] == KEYS
    (bar,) = prefect_here.artifacts("restore-progress-far-away")
    assert (bar.type, bar.data, bar.description) == ("progress", 100.0, "verifying")
    full = "verifying, 100 %"
    wait_until(lambda: full in told(prefect_here, run), 20, "the lines are stored")
    lines = told(prefect_here, run)
    assert len(lines) > 1
    assert lines[-1] == full


def told(server: PrefectServer, run: UUID) -> list[str]:
    """The per cents in this run's log, in their order. Other tests log to the same server."""
    from prefect.client.schemas.filters import (  # noqa: PLC0415 only here
        LogFilter,
        LogFilterFlowRunId,
    )
    from prefect.client.schemas.sorting import LogSort  # noqa: PLC0415 same

    with server.client() as client:
        only = LogFilter(flow_run_id=LogFilterFlowRunId(any_=[run]))
        logs = every_row(client.read_logs, log_filter=only, sort=LogSort.TIMESTAMP_ASC)
        return [one.message for one in logs if one.message.startswith("verifying, ")]


@given(st.lists(st.integers(0, 2_000_000)), st.integers(0, 1_000_000))
def test_per_cents_are_never_full_before_the_end(parts: list[int], total: int) -> None:
    """
    Whatever was counted beforehand, 100 is told once and last, and nothing of a work of no parts.
    """
    said = Heard()
    meter = Meter(said, "working", total, every_seconds=0)
    for done in parts:
        meter.at(done)
    meter.end()

    assert said.count("working, 100 %") == bool(parts and total)
    assert all(0 <= int(line.split()[1]) < 100 for line in said[:-1])
