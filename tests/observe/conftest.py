"""Servers to look at."""

from tests.support.proven_redis import proven_redis
from tests.support.runbook_instance import clean, filled, instance, server

__all__ = ["clean", "filled", "instance", "proven_redis", "server"]
