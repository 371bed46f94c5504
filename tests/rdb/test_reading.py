"""The reader against real servers: whatever they hold, it says the same."""

import io

from hypothesis import HealthCheck, given, settings

from redis_dr.tasks.rdb import entries, take_inventory, values
from tests.rdb.conftest import emptied, saved
from tests.support.rdb_content import Content, fill, keyspaces
from tests.support.rdb_values import expires, seen
from tests.support.redis_server import RedisServer

REAL = settings(
    max_examples=20,
    deadline=None,  # a save takes as long as it takes
    suppress_health_check=[HealthCheck.function_scoped_fixture],  # the server is emptied each time
)


@REAL
@given(keyspace=keyspaces)
def test_whatever_a_server_holds_the_reader_says_the_same(
    server: RedisServer, keyspace: dict[bytes, Content]
) -> None:
    """Every value and every expiry of a saved file is what the server that saved it answers."""
    client = emptied(server).client()
    fill(client, keyspace)

    data = saved(server)

    read = {key: (expire, value) for _, key, expire, value in values(data)}
    assert read.keys() == keyspace.keys()
    for key, found in read.items():
        assert found == (expires(client, key), seen(client, key))


@REAL
@given(keyspace=keyspaces)
def test_counts_are_those_of_the_server(
    server: RedisServer, keyspace: dict[bytes, Content]
) -> None:
    """Keys and expiries are what INFO says; types are what TYPE says."""
    client = emptied(server).client()
    fill(client, keyspace)

    data = saved(server)

    inventory = take_inventory(io.BytesIO(data))
    told = client.info("keyspace").get("db0", {"keys": 0, "expires": 0})
    assert inventory.keys == told["keys"] == len(keyspace)
    assert sum(each.expires for each in inventory.databases.values()) == told["expires"]
    for entry in entries(io.BytesIO(data)):
        assert entry.type == client.type(entry.key).decode()
        assert entry.expire_at_ms == expires(client, entry.key)
