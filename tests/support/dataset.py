"""The runbook's kinds of keys, for tests; the demo fills its server with the same."""

from redis_dr.deployments.demo.dataset import Record, fill, records

__all__ = ["Record", "fill", "records"]
