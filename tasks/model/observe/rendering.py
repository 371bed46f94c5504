"""Writes redis.conf and the Compose service from `[server]`. The password is in neither."""

import json
from collections.abc import Mapping
from dataclasses import dataclass

from redis_dr.tasks.model.server.server_config import SECRETS
from redis_dr.tasks.model.settings.instance import Instance

DEFAULT_IMAGE = "redis:7.2-alpine"
DEFAULT_PORT = 6379
DATA = "/data"
_VOLUME = "redis-data"  # its name in the Compose file
_CONF = "/usr/local/etc/redis/redis.conf"
_SECRET = "/run/secrets/redis_password"  # noqa: S105 a path, not a password

# The configuration goes in by standard input (`redis-server -`), so that the password is neither in
# the file, nor on the command line, nor in the environment that `docker inspect` shows. A here-doc
# and not a pipe: after a pipe the shell would stay process 1 and swallow the engine's SIGTERM.
_START = f"""\
exec docker-entrypoint.sh redis-server - <<END
$(cat {_CONF})
requirepass "$(sed 's/[\\\\"]/\\\\&/g' {_SECRET})"
END
"""
_HEALTH = f'REDISCLI_AUTH="$(cat {_SECRET})" redis-cli -e ping'


def redis_conf(server: Mapping[str, str]) -> str:
    """The file's text. Save points get a line each; passwords are left out."""
    lines = ["# written by redis-dr from [server]; change it there"]
    for name, value in server.items():
        if name not in SECRETS:
            lines += _lines(name, value)
    return "\n".join(lines) + "\n"


def _lines(name: str, value: str) -> list[str]:
    words = value.split()
    if name == "save":
        pairs = [f"save {words[i]} {words[i + 1]}" for i in range(0, len(words) - 1, 2)]
        return pairs or ['save ""']
    if not words:
        return [f'{name} ""']
    return [f"{name} {value.strip()}"]


@dataclass(frozen=True, slots=True)
class Service:
    """What the Compose service is made of, beside the settings."""

    image: str = DEFAULT_IMAGE
    port: int = DEFAULT_PORT  # on this host
    volume: str = ""  # that exists already; "": Compose makes one
    folder: str = ""  # on the host, instead of a volume


def compose_service(instance: Instance, service: Service) -> str:
    """A Compose file of one service: these settings, password by file, its data where it is."""
    start, health = _START.replace("$", "$$"), _HEALTH.replace("$", "$$")
    return f"""\
# written by redis-dr from [server]; put redis.conf and redis_password.txt beside this file
services:
  redis:
    image: {service.image}
    container_name: {instance.container}
    restart: unless-stopped
    command:
      - sh
      - -c
      - {_quoted(start)}
    ports:
      - "127.0.0.1:{service.port}:6379"
    volumes:
      - {service.folder or _VOLUME}:{DATA}
      - ./redis.conf:{_CONF}:ro
    secrets:
      - redis_password
    stop_grace_period: 2m  # a slow final save is killed after the default of 10 s
    healthcheck:
      # without -e redis-cli says 0 while it loads, too
      test: ["CMD-SHELL", {_quoted(health)}]
      interval: 5s
secrets:
  redis_password:
    file: ./redis_password.txt
{_volumes(service)}"""


def _volumes(service: Service) -> str:
    if service.folder:
        return ""
    existing = f"\n    name: {service.volume}\n    external: true" if service.volume else ""
    return f"volumes:\n  {_VOLUME}:{existing}\n"


def start_command() -> list[str]:
    """The container's command, as Docker takes it."""
    return ["sh", "-c", _START]


def _quoted(text: str) -> str:
    return json.dumps(text)  # a JSON string is a YAML one
