"""How often one restore logs in to the server: a fixed number, however many keys there are."""

from collections.abc import Callable
from typing import Any

import pytest

from redis_dr.tasks.resilience.breaker import Breaker
from redis_dr.tasks.server.connection import ServerConnection
from tests.support.instances import Make

KEYS = 100_000
DATABASES = 3
# the survey and all steps share one connection; it is opened again after the restart. Of their own
# are the questions before the stop and during the load, SHUTDOWN, the warm-up, and the client
# inside the container, which is asked for its run_id at each look at what is served
MOST = 10


def test_a_restore_of_100000_keys_logs_in_a_few_times(
    make_redis: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    The server's own log tells each connection that it accepts, over its restart, too. All steps
    of the restore ask through one breaker.
    """
    breakers: list[Breaker] = []
    create: Callable[..., None] = ServerConnection.__init__

    def recorded(self: ServerConnection, *args: Any) -> None:
        create(self, *args)
        breakers.append(self.breaker)

    made = make_redis("--loglevel", "verbose", "--enable-debug-command", "yes")
    for db in range(DATABASES):
        made.server.client(db).execute_command("DEBUG", "POPULATE", KEYS // DATABASES + 1, "key")
    made.backup()
    monkeypatch.setattr(ServerConnection, "__init__", recorded)
    before = accepted(made.server.container)

    report = made.restore()

    logins = accepted(made.server.container) - before
    print(f"logins of a restore of {KEYS} keys: {logins}")
    assert report.ok
    assert sum(one.restored for one in report.databases.values()) >= KEYS
    assert logins <= MOST
    assert len(breakers) == 1


def accepted(container: Any) -> int:
    """Connections in the log of the server since its container was created."""
    return str(container.logs(), "utf-8", "replace").count(" - Accepted ")
