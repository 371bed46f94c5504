"""The runbook's instance with its kinds of keys, and the command line configured for it."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.command_line import CommandLine
from tests.support.redis_server import PASSWORD, RedisServer

POLICIES = """
[databases.0]
purpose = "Production cache & locks"
on_restore = "restore"
[databases.1]
purpose = "Test data"
on_restore = "empty"
flush = "free"
[databases.2]
purpose = "Session/temporary data"
on_restore = "empty"
[[keys]]
pattern = "lock:ingest:{doc_id}"
ttl = 300
on_restore = "drop"
[[keys]]
pattern = "queue:ingest:processing"
ttl = 3600
on_restore = "requeue:queue:ingest:pending"
[restore]
lease_seconds = 10
"""


@pytest.fixture
def configured(tmp_path: Path) -> Callable[..., CommandLine]:
    """redis-dr.toml for a server, with the runbook's policies; more tables may be added."""

    def configure(server: RedisServer, more: str = "", **instance: str) -> CommandLine:
        lines = {"container": server.name, "url": server.url, **instance}
        own = "\n".join(f'{key} = "{value}"' for key, value in lines.items())
        toml = f'[instances."weka-redis"]\n{own}\n{POLICIES}\n{more}'
        return CommandLine(tmp_path, {"REDIS_PASSWORD": PASSWORD}).write(toml)

    return configure


def fill(server: RedisServer, keys: int = 300) -> dict[int, int]:
    """A few keys of the runbook's kinds in each database; gives the counts per database."""
    for db in (0, 1, 2):
        pipeline = server.client(db).pipeline(transaction=False)
        for number in range(keys):
            pipeline.set(f"doc:cache:{number}", f"text {number}" * 5, ex=3600 + number)
            pipeline.hset(f"entity:{number}", mapping={"name": f"n{number}", "rank": number})
        pipeline.execute()
    production = server.client(0)
    production.rpush("queue:ingest:pending", "p1", "p2")
    production.rpush("queue:ingest:processing", "w1", "w2")
    production.zadd("ranking", {f"m{number}": number / 3 for number in range(50)})
    production.sadd("members", *range(50))
    production.xadd("events", {"kind": "start"})
    for number in range(20):
        production.set(f"lock:ingest:{number}", "held", ex=300)
    return {db: server.client(db).dbsize() for db in (0, 1, 2)}
