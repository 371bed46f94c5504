"""A restored server that must not take writes before its replicas are back."""

import threading

from redis_dr.tasks.restore.epoch_guard import LastEpochs, raise_epochs
from redis_dr.tasks.server.connection import ServerConnection
from tests.support.managed_redis import ManagedRedis


def test_epochs_are_raised_once_the_replicas_are_back(filled_redis: ManagedRedis) -> None:
    """
    `min-replicas-to-write` refuses writes after the start, until a replica has copied the data.
    """
    client = filled_redis.server.client()
    epochs = filled_redis.instance.epochs
    client.set(epochs.counter, 3)
    client.config_set("min-replicas-to-write", 1)
    back = threading.Timer(1.5, client.config_set, ("min-replicas-to-write", 0))
    back.start()
    try:
        with ServerConnection(filled_redis.instance) as server:
            findings = raise_epochs(server, LastEpochs(counter=7))
    finally:
        back.join()
    assert [finding.actual for finding in findings] == ["1 raised after the start"]
    assert int(client.get(epochs.counter)) == 8
