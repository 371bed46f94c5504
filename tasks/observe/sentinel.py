"""Find the Sentinels that watch a server, by asking the server itself."""

import time

import redis
from redis.client import PubSub

from redis_dr.tasks.model.errors import RedisDrError
from redis_dr.tasks.model.server.sentinel import HELLO, Hello, Sentinels, sentinel_ids
from redis_dr.tasks.server.connection import ServerConnection
from redis_dr.tasks.step import step

_LISTEN_SECONDS = 3.0  # each Sentinel announces itself every 2 s
_POLL_SECONDS = 0.2


@step
def sentinels_of(server: ServerConnection) -> Sentinels:
    """Sentinels by their connections, and by what they announce. Cheap where there are none.

    Raises nothing of a server that refuses to answer: the result says so.
    """
    problems = []
    connected: tuple[str, ...] = ()
    subscribers = 0
    try:
        with server.errors():
            connected = sentinel_ids(_clients(server.client()))
    except RedisDrError as error:
        problems.append(error.problem)
    try:
        with server.errors():
            subscribers = int(server.client().pubsub_numsub(HELLO)[0][1])
    except RedisDrError as error:
        problems.append(error.problem)
    if not connected and not subscribers:
        # one of the two answers is enough: a Sentinel has a named connection and a subscription
        return Sentinels(problem="; ".join(problems) if len(problems) == 2 else "")
    hellos = _listen(server, len(connected) or subscribers)
    return Sentinels(connected, subscribers, hellos, "; ".join(problems))


def _clients(client: redis.Redis) -> list[dict[str, str]]:
    listed = client.client_list()
    return [{str(key): str(value) for key, value in entry.items()} for entry in listed]


def _listen(server: ServerConnection, wanted: int) -> tuple[Hello, ...]:
    """What they announce, until each was heard or the time is over."""
    heard: dict[str, Hello] = {}
    end = time.monotonic() + _LISTEN_SECONDS
    try:
        with server.errors(), _channel(server.client()) as channel:
            channel.subscribe(HELLO)
            while len(heard) < wanted and time.monotonic() < end:
                message = channel.get_message(timeout=_POLL_SECONDS)
                data = message["data"] if message else b""
                text = data.decode(errors="replace") if isinstance(data, bytes) else str(data)
                if hello := Hello.parse(text):
                    heard[hello.run_id] = hello
    except RedisDrError:
        pass  # they are seen all the same; the commands then name no addresses
    return tuple(heard[run_id] for run_id in sorted(heard))


def _channel(client: redis.Redis) -> PubSub:
    channel: PubSub = client.pubsub(ignore_subscribe_messages=True)  # type: ignore[no-untyped-call] # redis-py left it out
    return channel
