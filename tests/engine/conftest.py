"""Instances whose engine has faults."""

from tests.support.instances import lasting, make_estate

__all__ = ["lasting", "make_estate"]
