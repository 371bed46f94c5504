"""Clients that write while an instance is restored, and where their writes are found again."""

import secrets
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from tests.support.redis_server import RedisServer, start_redis
from tests.support.waiting import wait_until


@dataclass
class ClientWrites:
    """Writes keys one after the other, and remembers which of them the server acknowledged."""

    server: RedisServer
    mark: str = field(default_factory=lambda: f"acknowledged:{secrets.token_hex(3)}")
    acknowledged: set[bytes] = field(default_factory=set)
    _ended: threading.Event = field(default_factory=threading.Event)

    def write(self, count: int) -> None:
        """Write so many keys; each one must be acknowledged."""
        client = self.server.client()
        for _ in range(count):
            self._set(client)

    def end(self) -> None:
        """The writer stops."""
        self._ended.set()

    def run(self) -> None:
        """Write until the end, through every restart of the server."""
        while not self._ended.wait(0.005):
            client = self.server.client(retry=Retry(NoBackoff(), 0), socket_timeout=5)
            with suppress(redis.RedisError, OSError):
                while not self._ended.is_set():
                    self._set(client)
                    self._ended.wait(0.005)
            client.close()

    def _set(self, client: redis.Redis) -> None:
        key = f"{self.mark}:{len(self.acknowledged)}".encode()
        if client.set(key, "written"):
            self.acknowledged.add(key)


@contextmanager
def writing(server: RedisServer) -> Iterator[ClientWrites]:
    """A client that writes while the block runs."""
    client = ClientWrites(server)
    thread = threading.Thread(target=client.run)
    thread.start()
    try:
        yield client
    finally:
        client.end()
        thread.join(60)


def keys_of(server: RedisServer) -> set[bytes]:
    """Every key of DB 0."""
    return set(server.wait_until_ready().client().scan_iter(count=1000))


def sets_aside(server: RedisServer) -> set[str]:
    """The folders with data in `.redis-dr` under the data directory, as OPERATION/NAME."""
    listed = server.sh(
        f"cd '{_dir(server)}/.redis-dr' 2>/dev/null || exit 0; "
        'for set in */*; do [ ! -d "$set" ] || echo "$set"; done'
    )
    return set(listed.splitlines())


def keys_set_aside(server: RedisServer, known: Iterable[str] = ()) -> dict[str, set[bytes]]:
    """The keys of each of these folders, except those that are known.

    Asked from a throwaway Redis that starts on a copy of the files.
    """
    names = sets_aside(server) - set(known)
    return {name: _loaded(server, f"{_dir(server)}/.redis-dr/{name}") for name in names}


def _dir(server: RedisServer) -> str:
    client = server.client(decode_responses=True)
    return str(client.config_get("dir")["dir"])


def _loaded(server: RedisServer, folder: str) -> set[bytes]:
    """What a Redis of the same image finds in a copy of this folder."""
    append_only = server.sh(f"[ ! -e '{folder}/appendonlydir' ] || echo yes").strip()
    arguments = ["--appendonly", "yes" if append_only else "no", "--save", ""]
    copy = f"mkdir /copy && cp -a '{folder}/.' /copy/ && chown -R 0:0 /copy"
    reader = start_redis(
        server.engine,
        image=server.image,
        volume=False,
        password=None,
        wait=False,
        volumes_from=[f"{server.id}:ro"],
        user="0",
        entrypoint=["sh", "-c", f'{copy} && exec redis-server --dir /copy "$@"', "copy"],
        args=arguments,
    )
    try:
        wait_until(reader.answers, 30, f"a Redis answers on {folder}")
        return keys_of(reader)
    finally:
        reader.remove()
