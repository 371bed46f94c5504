"""Instances to restore."""

from tests.support.instances import full, lasting, make_estate
from tests.support.runbook_toml import configured

__all__ = ["configured", "full", "lasting", "make_estate"]
