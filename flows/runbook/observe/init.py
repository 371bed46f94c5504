"""Look at a running container and write a first configuration for it."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from redis_dr.flows.runbook.observe.restorable import judge_restorable, refused
from redis_dr.tasks.cache.audit import sample_keys
from redis_dr.tasks.cache.flush import look_at_server
from redis_dr.tasks.engine.container import inspect
from redis_dr.tasks.engine.networks import published_address, server_ports
from redis_dr.tasks.model.errors import Unreachable, UsageError
from redis_dr.tasks.model.observe.discovery import (
    InitReport,
    Sampled,
    guess_database,
    guess_patterns,
    sampled,
)
from redis_dr.tasks.model.observe.first_configuration import Found, first_configuration
from redis_dr.tasks.model.report import Finding, all_ok, heading
from redis_dr.tasks.model.server.server_info import ServerInfo
from redis_dr.tasks.model.settings.instance import Instance
from redis_dr.tasks.model.timings import Timings
from redis_dr.tasks.observe.config import read_settings
from redis_dr.tasks.server.connection import ServerConnection
from redis_dr.tasks.server.speaks import speaks_redis


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """The options of the command line."""

    container: str
    name: str | None = None
    url: str | None = None
    password_file: str | None = None
    store: str = "file:backups"
    output: Path = Path("redis-dr.toml")
    force: bool = False
    sample: int = 20_000


@dataclass(frozen=True, slots=True)
class ServerFacts:
    """What the server said of itself."""

    instance: Instance
    info: ServerInfo
    settings: dict[str, str]


def init(wish: Wish) -> InitReport:
    """Write the file and say what is in it. Raises UsageError, Unreachable; never overwrites."""
    timings = Timings()
    if wish.output.exists() and not wish.force:
        raise UsageError(f"{wish.output} exists already", "name another --output, or add --force")
    instance = _instance(wish)
    with ServerConnection(instance) as server:
        info = look_at_server(server.client(), instance)
        facts = ServerFacts(instance, info, read_settings(server.client(), instance))
        keys = _sample(server, info, wish.sample)
    found = _found(wish, keys, facts)
    text = first_configuration(found)
    _write(wish.output, text)
    gates = refused(judge_restorable(instance))
    ok = bool(found.databases) and all_ok(gates)
    return InitReport(
        **heading("init", instance.name, timings, [_finding(info, keys), *gates], ok=ok),
        path=str(wish.output),
        text=text,
        sampled=len(keys),
        patterns=len(found.patterns),
        databases={db: keyspace.keys for db, keyspace in info.keyspace.items()},
    )


def _instance(wish: Wish) -> Instance:
    state = inspect(wish.container)
    url = wish.url
    if url is None:
        host, port = _address(wish.container)
        url = f"redis://{host}:{port}"
    return Instance(
        name=wish.name or state.name,
        container=state.name,
        url=url,
        password_file=wish.password_file,
    )


def _address(container: str) -> tuple[str, int]:
    """The one address, or the first of several at which a Redis answers. Raises Unreachable."""
    addresses = [published_address(container, port) for port in server_ports(container)]
    if len(addresses) == 1:
        return addresses[0]
    for host, port in addresses:
        if speaks_redis(host, port):
            return host, port
    tried = ", ".join(f"{host}:{port}" for host, port in addresses)
    raise Unreachable(
        f"no Redis answers without TLS at any address of {container}: {tried}",
        "name the right one by --url redis://HOST:PORT, or rediss:// for TLS",
    )


def _sample(server: ServerConnection, info: ServerInfo, at_most: int) -> list[Sampled]:
    keys: list[Sampled] = []

    def add(number: int, key: bytes, ttl_ms: int) -> None:
        keys.append(sampled(number, key, ttl_ms))

    for db in sorted(info.keyspace):
        sample_keys(server.client(db), db, server.instance, at_most, add)
    return [key for key in keys if key.ttl_ms != -2]  # gone between SCAN and PTTL


def _found(wish: Wish, keys: Sequence[Sampled], facts: ServerFacts) -> Found:
    instance, info = facts.instance, facts.info
    databases = [
        guess_database(
            db,
            info.keys_in(db),
            info.keyspace[db].expires if db in info.keyspace else 0,
            [key for key in keys if key.db == db],
        )
        for db in sorted({0, *info.keyspace})
    ]
    return Found(
        name=instance.name,
        container=instance.container,
        url=instance.url,
        password_file=wish.password_file,
        store=wish.store,
        databases=databases,
        patterns=guess_patterns(keys),
        server=facts.settings,
        sampled=len(keys),
    )


def _write(path: Path, text: str) -> None:
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise UsageError(
            f"{path} cannot be written: {error.strerror}", "name another --output"
        ) from error


def _finding(info: ServerInfo, keys: Sequence[Sampled]) -> Finding:
    return Finding(
        check="patterns are guessed from keys",
        ok=bool(keys),
        expected=f"{info.keys} keys on the server",
        actual=f"{len(keys)} sampled",
        detail="" if keys else "it is empty: add [[keys]] and [databases.N] by hand",
    )
