"""What clients and maxmemory do to restored keys before the proof: counted to the key."""

from tests.support.instances import Make
from tests.support.managed_redis import ManagedRedis, changed


def test_what_clients_write_at_once_makes_nothing_red(filled_redis: ManagedRedis) -> None:
    """
    A client overwrites a restored key before the proof: it counts as changed, and only that one.
    """
    changed(filled_redis)
    report = filled_redis.restore(
        {"verifying": lambda: filled_redis.server.client().set("cache:0:1", "new")}
    )

    assert report.ok, [one for one in report.findings if not one.ok]
    assert report.databases[0].changed == 1
    assert filled_redis.server.client().get("cache:0:1") == b"new"


def test_evictions_are_counted_to_the_key(make_redis: Make) -> None:
    """
    maxmemory below the data: in backup = restored + evicted + expired, nothing missing.
    """
    made = make_redis("--maxmemory", "0")
    pipeline = made.server.client().pipeline(transaction=False)
    for number in range(20_000):
        pipeline.set(f"big:{number}", "x" * 200)
    pipeline.execute()
    made.backup()
    used = made.server.client().info("memory")["used_memory"]
    origin = made.origin()
    made.server.remove()
    again = make_redis("--maxmemory", str(used * 2 // 3), "--maxmemory-policy", "allkeys-random")
    report = again.restore(origin=origin)
    account = report.databases[0]
    assert report.ok, [one for one in report.findings if not one.ok]
    assert account.evicted > 0
    assert account.missing == 0
    assert account.in_backup == account.restored + account.evicted + account.expired
