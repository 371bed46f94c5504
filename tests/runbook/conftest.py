"""One server for the folder."""

from tests.support.runbook_instance import clean, filled, instance, server

__all__ = ["clean", "filled", "instance", "server"]
