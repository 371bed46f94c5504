"""Ask a server which commands it lets us use, by calls that change nothing.

Not by ACL DRYRUN and COMMAND INFO: a user with few rights has neither. A call that is refused is
noted in the server's ACL LOG, one that is allowed leaves no trace.
"""

from typing import Any

import redis

from redis_dr.tasks.model.server.rights import probes_of
from redis_dr.tasks.model.server.rights_gates import Answer, Rights, answer_of
from redis_dr.tasks.model.settings.instance import Instance
from redis_dr.tasks.server.connection import ServerConnection

_WHO = ("ACL", "WHOAMI")


def ask_rights(server: ServerConnection, verb: str) -> Rights:
    """What the server lets us do for a verb; kept in `server.rights`. One round trip.

    Raises NotReady for a server that does not answer, UsageError for a wrong password.
    """
    server.rights = Rights(verb)
    with server.errors():
        server.rights = _asked(server.client(), server.instance, verb)
    return server.rights


def _asked(client: redis.Redis, instance: Instance, verb: str) -> Rights:
    words = {name: _filled(call, instance) for name, call in probes_of(verb).items()}
    pipeline: Any = client.pipeline(transaction=False)
    pipeline.response_callbacks = {}  # replies as they come
    for call in (_WHO, *words.values()):
        pipeline.execute_command(*call)
    who, *replies = pipeline.execute(raise_on_error=False)
    answers = {name: _answer(reply) for name, reply in zip(words, replies, strict=True)}
    return Rights(verb, _user(who, instance), answers)


def _filled(call: tuple[str, ...], instance: Instance) -> tuple[str, ...]:
    epochs = instance.epochs
    stands_for = {
        "{key}": "redis-dr:probe",
        "{hash}": epochs.hashes[0],
        "{counter}": epochs.counter,
    }
    return tuple(stands_for.get(word, word) for word in call)


def _answer(reply: object) -> Answer:
    if not isinstance(reply, Exception):
        return "allowed"
    if isinstance(reply, redis.exceptions.BusyLoadingError):
        return "unknown"
    denied = "noperm " if isinstance(reply, redis.exceptions.NoPermissionError) else ""
    return answer_of(f"{denied}{reply}")


def _user(reply: object, instance: Instance) -> str:
    if isinstance(reply, bytes):
        return reply.decode(errors="replace")
    return instance.username or "default"
