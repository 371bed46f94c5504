"""The redis door: what it hides, what it shows, and how its errors read."""

import pickle
import socket
import threading
import time

import pytest
import redis

from redis_dr.tasks.model.errors import (
    CircuitOpen,
    NotReady,
    RedisDrError,
    Refused,
    Unreachable,
    UsageError,
)
from redis_dr.tasks.model.settings.instance import Instance
from redis_dr.tasks.server.address import password_of
from redis_dr.tasks.server.connection import ServerConnection, connect
from redis_dr.tasks.server.errors import redis_errors, translate
from redis_dr.tasks.server.info import persistence, server_info, server_time_ms, wait_until_ready
from tests.support.instance import instance_of
from tests.support.redis_server import PASSWORD, RedisServer
from tests.support.waiting import wait_until

QUICK = {"max_retries": 1, "backoff_seconds": 0.01, "timeout_seconds": 1}


def _dead_port() -> int:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        return int(unused.getsockname()[1])


def test_info_is_the_server_s_own(filled: RedisServer, instance):
    """Version, role, counts per database and memory limits come out typed."""
    with redis_errors(instance.name):
        info = server_info(connect(instance))

    assert info.version.startswith("7.")
    assert (info.server_name, info.role, info.loading) == ("redis", "master", False)
    assert info.keyspace[1].keys == 25
    assert (info.keyspace[2].keys, info.keyspace[2].expires) == (25, 25)
    assert info.maxmemory == 256 * 2**20
    assert info.aof_enabled
    assert info.process_id > 0


def test_persistence_is_what_a_restore_needs(instance):
    """The effective settings, by name, as the manifest keeps them."""
    found = persistence(connect(instance))

    assert (found.dir, found.dbfilename) == ("/data", "dump.rdb")
    assert found.appendonly
    assert (found.appenddirname, found.appendfilename) == ("appendonlydir", "appendonly.aof")
    assert found.save == "900 1 300 10 60 10000"
    assert found.maxmemory_policy == "allkeys-lru"


def test_server_time_is_in_milliseconds(instance):
    """The server's clock and ours agree here, in one unit."""
    assert abs(server_time_ms(connect(instance)) - time.time() * 1000) < 5000


@pytest.mark.parametrize("password", [None, "wrong"])
def test_a_wrong_or_missing_password_is_a_usage_error(clean, password):
    """One sentence with its remedy, at once, and never the password."""
    instance = instance_of(clean, password=password)
    begun = time.monotonic()

    with pytest.raises(UsageError) as caught, redis_errors(instance.name):
        connect(instance).ping()

    assert "password" in caught.value.problem
    assert "REDIS_PASSWORD" in caught.value.remedy
    assert str(password) not in str(caught.value).replace("password", "")
    assert time.monotonic() - begun < 0.2  # no retries: they would not help


def test_the_password_comes_from_a_file(clean, tmp_path):
    """password_file holds the password; the newline that editors add is none of it."""
    path = tmp_path / "secret"
    path.write_text(PASSWORD + "\n")

    assert connect(instance_of(clean, password=None, password_file=str(path))).ping()


def test_the_password_comes_from_the_environment(clean, monkeypatch):
    """REDIS_PASSWORD serves every instance that has none of its own."""
    monkeypatch.setenv("REDIS_PASSWORD", PASSWORD)

    assert connect(instance_of(clean, password=None)).ping()


def test_a_missing_password_file_is_told(clean, tmp_path):
    """The path and the reason, as a usage error."""
    with pytest.raises(UsageError, match="No such file"):
        password_of(instance_of(clean, password=None, password_file=str(tmp_path / "absent")))


def test_an_empty_password_file_is_told(clean, tmp_path):
    """An empty file is a mistake, not an empty password."""
    (tmp_path / "secret").write_text("\n")

    with pytest.raises(UsageError, match="is empty"):
        password_of(instance_of(clean, password=None, password_file=str(tmp_path / "secret")))


@pytest.mark.parametrize(
    "url", ["http://x:1", "redis://", "127.0.0.1:6379", "redis://h:99999", "redis://:pw@h:1"]
)
def test_a_bad_url_is_told_before_anything_is_tried(url):
    """Wrong scheme, no host, no port, or a password in it: told, and not repeated."""
    with pytest.raises(UsageError) as caught:
        connect(Instance(name="a", container="a", url=url))

    assert "pw" not in str(caught.value)


def test_a_refused_connection_is_not_ready():
    """Nobody listens: exit code 4, transient, with the address in the sentence."""
    port = _dead_port()
    instance = Instance(name="a", container="a", url=f"redis://127.0.0.1:{port}", resilience=QUICK)

    with pytest.raises(NotReady, match=str(port)) as caught, redis_errors("a"):
        connect(instance).ping()

    assert caught.value.exit_code == 4
    assert caught.value.transient


def test_a_black_hole_times_out():
    """A peer that accepts and never answers is given up after timeout_seconds, each try."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        instance = Instance(
            name="a",
            container="a",
            url=f"redis://127.0.0.1:{silent.getsockname()[1]}",
            resilience={**QUICK, "timeout_seconds": 0.2},
        )
        with pytest.raises(NotReady, match="in time"), redis_errors("a"):
            connect(instance).ping()


def test_something_else_on_the_port_is_told():
    """A server that is no Redis gives a sentence, not a traceback."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def answer() -> None:
            peer, _ = listener.accept()
            peer.recv(100)
            peer.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")
            peer.close()

        thread = threading.Thread(target=answer)
        thread.start()
        instance = Instance(
            name="a",
            container="a",
            url=f"redis://127.0.0.1:{listener.getsockname()[1]}",
            resilience={**QUICK, "max_retries": 0},
        )
        with pytest.raises(Unreachable), redis_errors("a"):
            connect(instance).ping()
        thread.join()


def test_five_failures_open_the_breaker_and_spare_the_server():
    """After breaker_failures calls without an answer the next fails at once, saying why."""
    instance = Instance(
        name="a",
        container="a",
        url=f"redis://127.0.0.1:{_dead_port()}",
        resilience={**QUICK, "max_retries": 0},
    )
    client = connect(instance)
    for _ in range(5):
        with pytest.raises(NotReady), redis_errors("a"):
            client.ping()

    with pytest.raises(CircuitOpen, match="5 times in a row"), redis_errors("a"):
        client.ping()


def test_a_dropped_connection_is_tried_again(clean):
    """CLIENT KILL between two commands goes unnoticed."""
    client = connect(instance_of(clean))
    client.ping()
    clean.client().client_kill_filter(_type="normal", skipme=True)

    with redis_errors("weka-redis"):
        assert client.ping()


def test_more_askers_than_connections_wait_for_their_turn(clean):
    """Three connections serve ten threads; the pool never opens a fourth."""
    clean.client().client_kill_filter(_type="normal", skipme=True)  # what other tests left
    client = connect(instance_of(clean, resilience={"max_connections": 3}))
    errors: list[Exception] = []

    def ask() -> None:
        try:
            for _ in range(20):
                client.ping()
        except redis.RedisError as error:
            errors.append(error)

    threads = [threading.Thread(target=ask) for _ in range(10)]
    for thread in threads:
        thread.start()
    seen = 0
    while any(thread.is_alive() for thread in threads):
        names = [line["name"] for line in clean.client().client_list()]
        seen = max(seen, names.count("redis-dr"))
    for thread in threads:
        thread.join()

    assert errors == []
    assert seen <= 3


def test_a_database_that_does_not_exist_is_told(clean):
    """DB 99 of 16 is a usage error."""
    with pytest.raises(UsageError, match="no database"), redis_errors("weka-redis"):
        connect(instance_of(clean), 99).ping()


def test_loading_comes_through_and_can_be_waited_for(redis_factory):
    """
    A server that loads answers LOADING: the door shows it at once (redis-py alone would wait in
    silence), and wait_until_ready sees its progress and ends when it serves.
    """
    often = ("--loading-process-events-interval-bytes", "1024")
    server = redis_factory(args=["--save", "", "--enable-debug-command", "yes", *often])
    server.client().execute_command("DEBUG", "POPULATE", 30_000, "key", 100)
    server.client().save()
    server.client().config_set("key-load-delay", 200)  # microseconds a key: about 6 s
    waiter = threading.Thread(target=_reload, args=(server,))
    waiter.start()
    patient = {"max_retries": 30, "backoff_seconds": 5, "backoff_cap_seconds": 5}
    connection = ServerConnection(instance_of(server, resilience=patient))
    client = connection.client()
    wait_until(lambda: server_info(client).loading)

    begun = time.monotonic()
    with pytest.raises(NotReady, match="loading"), redis_errors("weka-redis"):
        client.get("key:1")
    assert time.monotonic() - begun < 2  # not after thirty retries
    seen: list[float] = []
    with pytest.raises(Unreachable, match="was not ready after"):
        wait_until_ready(connection, 0.3, lambda info: seen.append(info.loading_loaded_perc))
    server.client().config_set("key-load-delay", 0)
    ready = wait_until_ready(connection, 30, lambda info: seen.append(info.loading_loaded_perc))
    waiter.join()

    assert ready.keys_in(0) == 30_000
    assert seen


def _reload(server: RedisServer) -> None:
    server.client().execute_command("DEBUG", "RELOAD", "NOSAVE")


def test_waiting_ends_at_once_when_it_is_the_password(clean):
    """No deadline helps against a wrong password."""
    begun = time.monotonic()

    with pytest.raises(UsageError):
        wait_until_ready(
            ServerConnection(instance_of(clean, password="wrong")), 30, lambda _info: None
        )

    assert time.monotonic() - begun < 2


def test_waiting_outlives_a_refused_connection():
    """A dead port is waited for until the deadline, without the breaker getting in the way."""
    instance = Instance(
        name="a", container="a", url=f"redis://127.0.0.1:{_dead_port()}", resilience=QUICK
    )

    with pytest.raises(Unreachable, match="not ready after 1 s"):
        wait_until_ready(ServerConnection(instance), 1, lambda _info: None)


def test_refused_writes_have_their_sentence():
    """MISCONF, READONLY, OOM and the like are told as what they are."""
    for reply, kind, word in (
        ("MISCONF Redis is configured to save RDB snapshots", RedisDrError, "last save failed"),
        ("READONLY You can't write against a read only replica.", Refused, "replica"),
        ("OOM command not allowed", RedisDrError, "maxmemory"),
        ("NOPERM this user has no permissions", UsageError, "does not allow"),
    ):
        error = translate(redis.ResponseError(reply), "a")
        assert isinstance(error, kind)
        assert word in error.problem


def test_a_real_misconf_is_told(redis_factory):
    """A server whose save failed refuses the write, and the sentence says so."""
    broken = redis_factory(args=["--save", "1 1", "--dir", "/proc"])
    wait_until(lambda: _misconf(broken), 20)
    with pytest.raises(RedisDrError, match="last save failed"), redis_errors("weka-redis"):
        connect(instance_of(broken)).set("a", "b")


def _misconf(server: RedisServer) -> bool:
    try:
        server.client().set("a", "b")
    except redis.ResponseError as error:
        return "MISCONF" in str(error)
    return False


def test_every_error_of_redis_py_becomes_one_of_ours():
    """A new exception class of the library cannot slip through unmapped."""
    kinds = [redis.RedisError]
    for kind in kinds:
        kinds += kind.__subclasses__()

    for kind in kinds:
        error = kind.__new__(kind)
        error.args = ("said so",)
        ours = translate(error, "weka-redis")
        assert isinstance(ours, RedisDrError), kind
        assert str(pickle.loads(pickle.dumps(ours))) == str(ours)  # noqa: S301 our own bytes


def test_arguments_of_an_unknown_command_are_not_repeated():
    """A renamed AUTH would show the password in the error text."""
    reply = "ERR unknown command 'AUTH', with args beginning with: 'hunter2' "

    assert "hunter2" not in str(translate(redis.ResponseError(reply), "a"))
