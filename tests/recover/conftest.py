"""Instances to restore."""

from tests.support.instances import filled_redis, make_redis, shared_redis

__all__ = ["filled_redis", "make_redis", "shared_redis"]
