"""What every save of ours waits for: that no other save or rewrite is at work."""

import time

import redis

from redis_dr.tasks.server.info import ServerInfo, server_info

_POLL_SECONDS = 0.05
_BUSY = ("already in progress", "Another child process")


def until_no_save(client: redis.Redis, seconds: float) -> ServerInfo | None:
    """INFO once no save and no rewrite is at work; None when one still is after `seconds`."""
    deadline = time.monotonic() + seconds
    while True:
        info = server_info(client)
        if not (info.rdb_bgsave_in_progress or info.aof_rewrite_in_progress):
            return info
        if time.monotonic() > deadline:
            return None
        time.sleep(_POLL_SECONDS)


def another_save(error: redis.ResponseError) -> bool:
    """Whether BGSAVE was refused because another save or rewrite is at work."""
    return any(text in str(error) for text in _BUSY)
