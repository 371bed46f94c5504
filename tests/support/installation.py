"""A Redis with data and a configuration file, for flows that run in processes of their own."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import redis

from redis_dr.tasks.configuration import load_settings
from redis_dr.tasks.model.settings.instance import Instance
from tests.support.managed_redis import fill
from tests.support.redis_server import PASSWORD, RedisServer

# the helper of a drill is named after its instance: two workers drill two
NAME = "-".join(filter(None, ["weka-redis", os.environ.get("PYTEST_XDIST_WORKER")]))
_RULES = """
[store]
url = "file:store"
[databases.1]
on_restore = "empty"
[databases.2]
on_restore = "empty"
[restore]
lease_seconds = 10
[schedule] # no run that the test did not start
nightly = ""
hourly = ""
drill = ""
verify = ""
check = ""
janitor = ""
"""


@dataclass(frozen=True, slots=True)
class Installation:
    """One or many servers, one store, one redis-dr.toml."""

    folder: Path
    servers: tuple[RedisServer, ...]

    @property
    def configuration(self) -> Path:
        """The file."""
        return self.folder / "redis-dr.toml"

    @property
    def server(self) -> RedisServer:
        """The only one, or the first."""
        return self.servers[0]

    @property
    def secrets(self) -> dict[str, str]:
        """For the environment of a process that runs flows here."""
        return {"REDIS_PASSWORD": PASSWORD}

    @property
    def instance(self) -> Instance:
        """The configuration of the first, with its password."""
        found = load_settings(self.configuration).instance(
            NAME if len(self.servers) == 1 else f"{NAME}-0"
        )
        return Instance.model_validate({**found.model_dump(), "password": PASSWORD})

    def content(self, db: int = 0) -> dict[bytes, object]:
        """Every key of a database and its value, asked from the server itself.

        Not by DUMP: its bytes depend on the encoding, which a load may change.
        """
        client = self.server.wait_until_ready().client(db)
        return {key: _value(client, key) for key in client.scan_iter(count=1000)}


def _value(client: redis.Redis, key: bytes) -> object:
    read: dict[bytes, Callable[[], object]] = {
        b"string": lambda: client.get(key),
        b"hash": lambda: client.hgetall(key),
        b"list": lambda: client.lrange(key, 0, -1),
        b"set": lambda: client.smembers(key),
        b"zset": lambda: client.zrange(key, 0, -1, withscores=True),
        b"stream": lambda: client.xrange(key),
    }
    return read[client.type(key)]()


def installation(
    folder: Path, *servers: RedisServer, more: str = "", keys: int = 300
) -> Installation:
    """Fill the servers and write the configuration."""
    made = Installation(folder, servers)
    names = [NAME] if len(servers) == 1 else [f"{NAME}-{n}" for n in range(len(servers))]
    tables = []
    for name, server in zip(names, servers, strict=True):
        fill(server, keys)
        tables.append(f'[instances.{name}]\ncontainer = "{server.name}"\nurl = "{server.url}"\n')
    made.configuration.write_text("\n".join([*tables, _RULES, more]))
    return made
