"""Servers and stores for the commands."""

from tests.catalog.conftest import how, store, weka
from tests.support.runbook_instance import clean, filled, instance, server
from tests.support.runbook_toml import configured

__all__ = ["clean", "configured", "filled", "how", "instance", "server", "store", "weka"]
