"""Instances to restore."""

from tests.support.instances import filled_redis, make_redis, shared_redis
from tests.support.runbook_toml import configured

__all__ = ["configured", "filled_redis", "make_redis", "shared_redis"]
