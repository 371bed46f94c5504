"""The runbook's Redis as a container: its server configuration, said once."""

from tasks.model.settings.instance import RUNBOOK_SERVER

# as arguments of redis-server; the three save points travel as one argument
RUNBOOK_ARGS = [word for name, value in RUNBOOK_SERVER.items() for word in (f"--{name}", value)]
