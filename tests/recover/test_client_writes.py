"""Clients write to the new data before a restore is proven: recovery loses no write."""

import signal
from collections.abc import Callable

import pytest

from redis_dr.flows.runbook.backup import backup
from redis_dr.flows.runbook.cache.flush import flush
from redis_dr.tasks.model.cache.flush import FlushRequest
from redis_dr.tasks.model.report import Report
from tests.support import engine_faults as faults
from tests.support.client_writes import ClientWrites, keys_of, keys_set_aside
from tests.support.estate import Estate, fill
from tests.support.instances import Make


def killed_while_verifying(made: Estate) -> ClientWrites:
    """A restore is killed at "verifying"; clients then write 100 keys, all acknowledged."""
    saved = made.backup().backup_id
    made.server.client().flushall()
    made.server.client().set("only", "before the restore")
    spec = faults.Spec(instance=faults.as_json(made.instance), backup=saved, heard="verifying")
    code, _ = faults.run(spec)
    assert code == -signal.SIGKILL
    clients = ClientWrites(made.server)
    clients.write(100)
    return clients


def a_backup(made: Estate) -> Report:
    return backup(made.instance)


def a_flush(made: Estate) -> Report:
    request = FlushRequest(pattern="matches:nothing:*", confirm=made.instance.name)
    return flush(made.instance, request, lambda *_: made.backup())


@pytest.mark.parametrize("append_only", ["yes", "no"])
@pytest.mark.parametrize("verb", [a_backup, a_flush], ids=["backup", "flush"])
def test_the_next_operation_loses_no_write(
    make_estate: Make, verb: Callable[[Estate], Report], append_only: str
) -> None:
    """
    A restore is killed while it verifies, and clients write 100 keys. The next operation does not
    stop the server, and all 100 are there afterwards.
    """
    made = make_estate("--appendonly", append_only)
    fill(made.server)
    clients = killed_while_verifying(made)
    running = made.run_id()

    verb(made)
    assert clients.acknowledged <= keys_of(made.server)
    assert made.run_id() == running
    assert b"cache:0:1" in keys_of(made.server)
    assert any(b"only" in keys for keys in keys_set_aside(made.server).values())
