"""Instances to restore."""

from tests.support.instances import full, lasting, make_estate

__all__ = ["full", "lasting", "make_estate"]
