"""A Redis with data and a configuration file, for flows that run in processes of their own."""

from dataclasses import dataclass
from pathlib import Path

from tasks.configuration import load_settings
from tasks.model.settings.instance import Instance
from tests.support.estate import fill
from tests.support.redis_server import PASSWORD, RedisServer

NAME = "weka-redis"
_RULES = """
[store]
url = "file:store"
[databases.1]
on_restore = "empty"
[databases.2]
on_restore = "empty"
[restore]
lease_seconds = 10
"""


@dataclass(frozen=True, slots=True)
class Scene:
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

    def content(self, db: int = 0) -> dict[bytes, bytes]:
        """Every key of a database and its serialized value, asked from the server itself."""
        client = self.server.wait_until_ready().client(db)
        return {key: client.dump(key) for key in client.scan_iter(count=1000)}


def scene(folder: Path, *servers: RedisServer, more: str = "", keys: int = 300) -> Scene:
    """Fill the servers and write the configuration."""
    made = Scene(folder, servers)
    names = [NAME] if len(servers) == 1 else [f"{NAME}-{n}" for n in range(len(servers))]
    tables = []
    for name, server in zip(names, servers, strict=True):
        fill(server, keys)
        tables.append(f'[instances.{name}]\ncontainer = "{server.name}"\nurl = "{server.url}"\n')
    made.configuration.write_text("\n".join([*tables, _RULES, more]))
    return made
