"""A server of the tests as redis-dr's configuration sees it."""

from typing import Any

from redis_dr.tasks.model.settings.instance import RUNBOOK_SERVER, Instance
from tests.support.redis_server import RedisServer


def instance_of(server: RedisServer, /, **fields: Any) -> Instance:
    """The configuration of this server with the runbook's [server], the given fields on top."""
    return Instance.model_validate(
        {
            "name": "weka-redis",
            "container": server.name,
            "url": server.url,
            "password": server.password,
            "server": RUNBOOK_SERVER,
            **fields,
        }
    )
