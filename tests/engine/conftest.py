"""Instances whose engine has faults."""

from tests.support.instances import make_redis, shared_redis

__all__ = ["make_redis", "shared_redis"]
