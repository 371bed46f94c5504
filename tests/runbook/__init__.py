"""Every section of the runbook, on a real server."""
