"""One operation's connection: how often it logs in, and what a restart of the server does to it."""

import threading

import pytest

from redis_dr.tasks.model.errors import CircuitOpen, NotReady, UsageError
from redis_dr.tasks.server.connection import ServerConnection
from redis_dr.tasks.server.info import wait_until_ready
from tests.support.instance import instance_of
from tests.support.redis_server import RedisServer

IMPATIENT = {
    "max_retries": 0,
    "timeout_seconds": 1,
    "breaker_failures": 2,
    "breaker_reset_seconds": 600,
}


def logins(server: RedisServer) -> int:
    """Connections that the server has accepted so far; asked over one that stays open."""
    return int(server.client().info("stats")["total_connections_received"])


def test_all_databases_and_steps_share_one_login(clean: RedisServer) -> None:
    """Clients of three databases, used in turn, log in once; each sees its own database."""
    before = logins(clean)
    baseline = logins(clean) - before  # what asking itself costs
    begun = logins(clean)

    with ServerConnection(instance_of(clean)) as server:
        for number in range(30):
            server.client(number % 3).set(f"key {number}", number)
        pipeline = server.client(2).pipeline(transaction=False)
        pipeline.dbsize()
        pipeline.exists("key 2")
        in_pipeline = pipeline.execute()
        sizes = [server.client(db).dbsize() for db in range(3)]

    assert logins(clean) - begun - baseline == 1
    assert sizes == [10, 10, 10]
    assert in_pipeline == [10, 1]


def test_threads_of_many_databases_keep_theirs_apart(clean: RedisServer) -> None:
    """Eight threads on two connections write to eight databases; no key lands in another one."""
    errors: list[Exception] = []

    def work(server: ServerConnection, db: int) -> None:
        try:
            for number in range(100):
                server.client(db).set(f"{db}:{number}", "x")
        except Exception as error:  # noqa: BLE001 carried over to the test's thread
            errors.append(error)

    with ServerConnection(instance_of(clean, resilience={"max_connections": 2})) as server:
        threads = [threading.Thread(target=work, args=(server, db)) for db in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    assert errors == []
    for db in range(8):
        assert {key.split(b":")[0] for key in clean.client(db).scan_iter()} == {b"%d" % db}
        assert clean.client(db).dbsize() == 100


def test_a_database_out_of_range_leaves_the_connection_usable(clean: RedisServer) -> None:
    """SELECT 99 fails as a usage error; the next command goes to the database it names."""
    with ServerConnection(instance_of(clean)) as server:
        server.client(1).set("a", "b")
        with pytest.raises(UsageError, match="no database"), server.errors():
            server.client(99).ping()

        assert server.client(1).get("a") == b"b"
        assert server.client().get("a") is None


def test_a_dropped_connection_selects_its_database_again(clean: RedisServer) -> None:
    """After CLIENT KILL the retry logs in again and reads the same database as before."""
    with ServerConnection(instance_of(clean)) as server:
        client = server.client(3)
        client.set("a", "b")
        clean.client().client_kill_filter(_type="normal", skipme=True)

        assert client.get("a") == b"b"
        assert server.client().get("a") is None


def test_a_restart_of_ours_closes_the_breaker(redis_factory) -> None:
    """The breaker opens while the server is down; once it serves again, `reconnect` closes it."""
    container = redis_factory()
    with ServerConnection(instance_of(container, resilience=IMPATIENT)) as server:
        server.client().set("a", "b")
        container.container.stop()
        for _ in range(2):
            with pytest.raises(NotReady), server.errors():
                server.client().ping()
        with pytest.raises(CircuitOpen), server.errors():
            server.client().ping()
        breaker = server.breaker

        container.container.start()
        wait_until_ready(server, 60, lambda _info: None)
        with pytest.raises(CircuitOpen), server.errors():
            server.client().ping()  # that it serves was seen by a connection without breaker
        server.reconnect()

        assert server.client().ping()
        assert server.breaker is breaker
        assert breaker.state == "closed"


def test_nothing_connects_before_the_first_command(clean: RedisServer) -> None:
    """A wrong password file or a dead server shows at the first command, not before."""
    server = ServerConnection(instance_of(clean, password=None, password_file="/absent"))

    with server, pytest.raises(UsageError, match="password file"):
        server.client()
