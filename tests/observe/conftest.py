"""Servers to look at."""

from tests.support.checked import estate
from tests.support.runbook_instance import clean, filled, instance, server

__all__ = ["clean", "estate", "filled", "instance", "server"]
