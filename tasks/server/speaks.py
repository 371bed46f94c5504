"""Whether a Redis answers at an address; nothing is asked that needs a right."""

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

_SECONDS = 2.0


def speaks_redis(host: str, port: int) -> bool:
    """A refusal is an answer, too: a password is wanted, protected mode, data is loaded."""
    client = redis.Redis(
        host=host,
        port=port,
        socket_timeout=_SECONDS,
        socket_connect_timeout=_SECONDS,
        retry=Retry(NoBackoff(), 0),
    )
    try:
        return bool(client.ping())
    except (redis.AuthenticationError, redis.BusyLoadingError, redis.ResponseError):
        return True
    except (redis.RedisError, OSError):
        return False
    finally:
        client.close()
