"""Reads the settings that run, and whether a stranger gets in."""

from contextlib import closing

import redis

from redis_dr.tasks.model.errors import RedisDrError, UsageError
from redis_dr.tasks.model.report import Finding
from redis_dr.tasks.model.server.server_config import SECRETS
from redis_dr.tasks.model.settings.instance import Instance
from redis_dr.tasks.server.connection import connect_as_stranger
from redis_dr.tasks.server.errors import redis_errors
from redis_dr.tasks.server.info import config_values
from redis_dr.tasks.step import step


@step
def read_settings(client: redis.Redis, instance: Instance) -> dict[str, str]:
    """The running values of what `[server]` names."""
    with redis_errors(instance.name):
        return config_values(client, [name for name in instance.server if name not in SECRETS])


@step
def try_without_password(instance: Instance) -> Finding:
    """Knock without a password: a server that holds data must not answer."""
    check, expected = "a password is demanded", "NOAUTH"
    with closing(connect_as_stranger(instance)) as client:
        try:
            with redis_errors(instance.name):
                client.ping()
        except UsageError as error:
            return Finding(check=check, ok=True, expected=expected, actual=error.problem)
        except RedisDrError as error:
            return Finding(check=check, ok=False, expected=expected, detail=error.problem)
    return Finding(
        check=check,
        ok=False,
        expected=expected,
        actual="PONG",
        detail="anyone who reaches the port reads and flushes it: set requirepass",
    )
