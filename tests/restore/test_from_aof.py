"""`restore --from aof`: what was written after the save is in the append-only files."""

import pytest

from redis_dr.tasks.model.errors import UsageError
from tests.support.instances import Make
from tests.support.managed_redis import fill


def test_writes_after_the_save_come_back(make_redis: Make) -> None:
    """
    The append directory holds newer writes than the RDB of the same backup: --from aof has them.
    """
    made = make_redis(fields={"databases": {"1": {"on_restore": "restore"}}})
    fill(made.server)
    made.server.client().bgrewriteaof()
    client = made.server.client()
    client.set("written", "after the rewrite")
    before = made.digest()
    made.backup()
    client.flushall()

    report = made.restore(source="aof")
    assert report.ok, [one for one in report.findings if not one.ok]
    assert report.source == "aof"
    assert made.digest() == before


def test_a_command_cut_off_at_the_end_is_dropped(make_redis: Make) -> None:
    """
    The copy of a growing increment may end within a command: everything before it comes back.
    """
    made = make_redis()
    client = made.server.client()
    client.mset({f"key {n}": n for n in range(50)})
    # half a command at the end, as a copy of a growing file may have it
    made.server.sh(
        "printf '*3\\r\\n$3\\r\\nSET\\r\\n$4\\r\\nhal' >> /data/appendonlydir/*.incr.aof"
    )
    made.backup()
    client.flushall()

    report = made.restore(source="aof", safety_backup=False)
    assert report.ok, [one for one in report.findings if not one.ok]
    assert made.server.client().dbsize() == 50


def test_a_backup_without_append_only_files_says_so(make_redis: Make) -> None:
    """
    AOF was off: --from aof is refused with the way out, and the server runs on.
    """
    made = make_redis("--appendonly", "no")
    fill(made.server, 5)
    made.backup()
    before = made.run_id()

    with pytest.raises(UsageError, match="no append-only files"):
        made.restore(source="aof")
    assert made.run_id() == before
