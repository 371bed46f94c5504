"""The command line, configured for a server."""

from tests.support.runbook_toml import configured

__all__ = ["configured"]
