"""Looks at the instance and the machine around it for `check`; reads only, takes no helper."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from redis_dr.tasks.engine.container import inspect
from redis_dr.tasks.engine.exec import run_in
from redis_dr.tasks.model.server.persistence import Persistence
from redis_dr.tasks.model.server.server_info import ServerInfo
from redis_dr.tasks.model.server.volume import FOLDER
from redis_dr.tasks.model.settings.instance import Instance
from redis_dr.tasks.server.connection import ServerConnection, server_time_ms
from redis_dr.tasks.server.info import config_values, persistence, server_info
from redis_dr.tasks.step import step

_LOOK_SECONDS = 300  # without a word, over folders of any size
# one line each: operation, age in seconds, KiB (tasks/restore/replaced.py keeps them)
_SET_ASIDE = """
cd "$1" 2>/dev/null || exit 0
for old in */old */taken */taken-*; do
  [ -d "$old" ] && [ -n "$(ls -A "$old")" ] || continue
  echo "${old%/*} $(( $(date +%s) - $(stat -c %Y "$old") )) $(du -sk "$old" | cut -f1)"
done
"""


@dataclass(frozen=True, slots=True)
class ServerSeen:
    """One look at the server."""

    info: ServerInfo
    settings: dict[str, str]
    persistence: Persistence
    clock: datetime  # the server's
    between: tuple[datetime, datetime]  # ours before and after it was read


@step
def look_at_instance(instance: Instance) -> ServerSeen:
    """INFO, settings and clock. Raises Unreachable, UsageError."""
    with ServerConnection(instance) as server, server.errors():
        client = server.client()
        before = datetime.now(UTC)
        milliseconds = server_time_ms(client)
        after = datetime.now(UTC)
        return ServerSeen(
            info=server_info(client),
            settings=config_values(client, list(instance.server)),
            persistence=persistence(client),
            clock=datetime.fromtimestamp(milliseconds / 1000, UTC),
            between=(before, after),
        )


@step
def look_for_replaced(instance: Instance, folder: str) -> Sequence[tuple[str, int, int]]:
    """What restores replaced: (operation, age in seconds, bytes) each. Raises Unreachable.

    `folder` is the server's data directory.
    """
    container = inspect(instance.container)
    command = ["sh", "-c", _SET_ASIDE, "redis-dr", f"{folder.rstrip('/')}/{FOLDER}"]
    _, said = run_in(container.id, command, seconds=_LOOK_SECONDS)
    found = [line.split() for line in said.splitlines()]
    return [(name, int(age), int(size) * 1024) for name, age, size in found]
