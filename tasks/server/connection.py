"""The connection of one operation to its instance's server: one pool, one circuit breaker."""

import contextlib
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from typing import Any, Final, Self, cast

import redis
from redis.backoff import NoBackoff
from redis.connection import BlockingConnectionPool, ConnectionPool
from redis.retry import Retry

from redis_dr.tasks.model.errors import RedisDrError
from redis_dr.tasks.model.server.rights_gates import NOT_ASKED
from redis_dr.tasks.model.settings.instance import Instance
from redis_dr.tasks.resilience.breaker import Breaker
from redis_dr.tasks.server.address import address_options, password_of, username_of
from redis_dr.tasks.server.errors import redis_errors
from redis_dr.tasks.server.retry import LimitedRetry
from redis_dr.tasks.server.tls import tls_options

# measured: DUMP of 300 MB of random bytes 18 s on a busy machine, a save of as much 6 s
_BYTES_A_SECOND: Final = 5_000_000


class ServerConnection:
    """The server of one instance, as one operation uses it.

    One pool of connections and one breaker serve every database and every step. Nothing connects
    before the first command. Thread-safe. Use it for the whole of a verb:

        with ServerConnection(instance) as server:
            with server.errors():
                server.client(db).get("key")
    """

    def __init__(self, instance: Instance) -> None:
        self.instance = instance
        self.breaker = Breaker(instance.name, instance.resilience)
        self.rights = NOT_ASKED  # as far as the server was asked, see tasks/server/rights.py
        self._lock = threading.Lock()
        self._pool: ConnectionPool | None = None
        self._reserve: ConnectionPool | None = None  # of one connection, see single_try

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self.close()

    def client(self, db: int = 0) -> redis.Redis:
        """A client of one database; answers are bytes. It need not be closed.

        A lost connection is tried again; LOADING and a wrong password are raised at once. Raises
        UsageError for a bad url or password file.
        """
        view = _DatabaseView(self._shared_pool(), db)
        return redis.Redis(connection_pool=cast("ConnectionPool", view))

    def errors(self) -> AbstractContextManager[None]:
        """Around every use of a client: errors of redis-py are raised as errors of redis-dr."""
        return redis_errors(self.instance.name)

    @contextmanager
    def single_try(self, timeout_seconds: float) -> Iterator[redis.Redis]:
        """A client for a server that may be down or about to stop: no retry, no breaker.

        Its connection stays open for the next single try: a server that has reached `maxclients`
        answers the connections that it has, and lets nobody else in.
        """
        with self._lock:
            if self._reserve is None:
                options = {**_options(self.instance), "retry": Retry(NoBackoff(), 0)}
                self._reserve = _new_pool(self.instance, {**options, "max_connections": 1})
            view = _TimedView(self._reserve, timeout_seconds)
        yield redis.Redis(connection_pool=cast("ConnectionPool", view))

    def keep_open(self) -> None:
        """Connect now, where that is possible, so that commands need no new connection later."""
        with contextlib.suppress(RedisDrError), self.errors():
            with self.single_try(self.instance.resilience.timeout_seconds) as client:
                client.ping()
            self.client().ping()

    @contextmanager
    def expecting(self, size: int) -> Iterator["ServerConnection"]:
        """For commands that work on so many bytes: the same server, with time-outs that suffice.

        It has connections of its own where the time-out of this one does not suffice.
        """
        seconds = seconds_for(size)
        if seconds <= self.instance.resilience.timeout_seconds:
            yield self
            return
        limits = self.instance.resilience.model_copy(update={"timeout_seconds": seconds})
        with ServerConnection(self.instance.model_copy(update={"resilience": limits})) as patient:
            patient.rights = self.rights
            yield patient

    def reconnect(self) -> None:
        """After a restart of the server: drop the dead connections and close the breaker."""
        if self._pool is not None:
            self._pool.disconnect()
        self.breaker.reset()

    def close(self) -> None:
        """Close all connections. A later use connects again."""
        for pool in (self._pool, self._reserve):
            if pool is not None:
                pool.disconnect()

    def _shared_pool(self) -> ConnectionPool:
        with self._lock:
            if self._pool is None:
                retry = LimitedRetry(self.instance.resilience, self.breaker)
                self._pool = _new_pool(self.instance, {**_options(self.instance), "retry": retry})
            return self._pool


class _DatabaseView:
    """The shared pool as a client of one database uses it: connections are switched by SELECT."""

    def __init__(self, pool: ConnectionPool, db: int) -> None:
        self._pool = pool
        self._db = db

    def get_connection(self, *_command: Any, **_options: Any) -> Any:
        """A connection of the shared pool, switched to the database of this view."""
        connection: Any = self._pool.get_connection()
        if connection.db != self._db:
            try:
                self._select(connection)
            except BaseException:
                # which database the server has selected is unknown: begin again from none
                connection.disconnect()
                connection.db = 0
                self._pool.release(connection)
                raise
        return connection

    def _select(self, connection: Any) -> None:
        connection.db = self._db  # a connection that is lost meanwhile selects it by itself

        def select() -> None:
            connection.send_command("SELECT", self._db)
            connection.read_response()

        connection.retry.call_with_retry(select, lambda _error: connection.disconnect())

    def __getattr__(self, name: str) -> Any:
        return getattr(self._pool, name)


class _TimedView:
    """The reserve as one single try uses it: its connection has the time-out of this try."""

    def __init__(self, pool: ConnectionPool, seconds: float) -> None:
        self._pool = pool
        self._seconds = seconds

    def get_connection(self, *_command: Any, **_options: Any) -> Any:
        """The connection of the reserve, connected. Raises redis-py's errors."""
        self._pool.connection_kwargs["socket_connect_timeout"] = self._seconds
        self._pool.connection_kwargs["socket_timeout"] = self._seconds
        for known in list(getattr(self._pool, "_connections", ())):
            known.socket_timeout = known.socket_connect_timeout = self._seconds
        connection: Any = self._pool.get_connection()
        connection.socket_timeout = self._seconds
        connection._sock.settimeout(self._seconds)  # noqa: SLF001 redis-py has no way to change it
        return connection

    def __getattr__(self, name: str) -> Any:
        return getattr(self._pool, name)


def seconds_for(size: int) -> float:
    """How long a busy server may need for one command on so many bytes."""
    return size / _BYTES_A_SECOND


def connect(instance: Instance, db: int = 0) -> redis.Redis:
    """A client with a pool and a breaker of its own. Prefer ServerConnection."""
    return _lone_client(instance, {**_options(instance), "db": db})


def connect_as_stranger(instance: Instance) -> redis.Redis:
    """A client without a password: to see whether the server admits anybody."""
    return _lone_client(instance, _common_options(instance))


def _lone_client(instance: Instance, options: dict[str, Any]) -> redis.Redis:
    breaker = Breaker(instance.name, instance.resilience)
    retry = LimitedRetry(instance.resilience, breaker)
    return redis.Redis.from_pool(_new_pool(instance, {**options, "retry": retry}))


def _options(instance: Instance) -> dict[str, Any]:
    login = {"username": username_of(instance), "password": password_of(instance)}
    return {**_common_options(instance), **login}


def _common_options(instance: Instance) -> dict[str, Any]:
    limits = instance.resilience
    return {
        **address_options(instance),
        **tls_options(instance),
        "db": 0,
        "redis_connect_func": partial(_connected, name=instance.client_name),
        "protocol": 2,  # the same answers from every server since Redis 2.4
        "socket_timeout": limits.timeout_seconds,
        "socket_connect_timeout": limits.connect_timeout_seconds or limits.timeout_seconds,
    }


def _connected(connection: Any, name: str) -> None:
    """Log in and name the connection; a server may refuse the name."""
    connection.on_connect()
    connection.send_command("CLIENT", "SETNAME", name)
    with contextlib.suppress(redis.ResponseError):
        connection.read_response()


def _new_pool(instance: Instance, options: dict[str, Any]) -> ConnectionPool:
    limits = instance.resilience
    most = {"max_connections": limits.max_connections, "timeout": limits.timeout_seconds}
    return BlockingConnectionPool(**{**most, **options})  # type: ignore[no-untyped-call] # redis-py left it out


def address_of(client: redis.Redis) -> str:
    """HOST:PORT or the socket's path, for sentences."""
    options = client.connection_pool.connection_kwargs
    return str(options.get("path") or f"{options.get('host')}:{options.get('port')}")


def server_time_ms(client: redis.Redis) -> int:
    """The server's clock, Unix milliseconds: not this machine's."""
    seconds, microseconds = client.time()
    return int(seconds) * 1000 + int(microseconds) // 1000


def monotonic_deadline(seconds: float) -> Callable[[], float]:
    """Seconds left, by a clock that nobody can set."""
    end = time.monotonic() + seconds
    return lambda: end - time.monotonic()
