"""Is the instance well? One look, one verdict."""

from redis_dr.flows.runbook.observe.silence import explained
from redis_dr.tasks.model.observe.health import HealthReport, judge_health
from redis_dr.tasks.model.report import Finding, heading
from redis_dr.tasks.model.server.server_config import judge_drift
from redis_dr.tasks.model.settings.instance import Instance
from redis_dr.tasks.model.timings import Timings
from redis_dr.tasks.observe.config import read_settings
from redis_dr.tasks.observe.health import look_at_health
from redis_dr.tasks.server.connection import ServerConnection


def health(instance: Instance) -> HealthReport:
    """Ask the server how it is and judge it by [health]. Raises Unreachable, UsageError."""
    timings = Timings()
    with explained(instance), ServerConnection(instance) as server:
        client = server.client()
        info, latency = look_at_health(client, instance)
        running = read_settings(client, instance)
    findings = (
        *judge_health(info, latency, instance.health, timings.started_at),
        *_drift(instance, running),
    )
    return HealthReport(
        **heading("health", instance.name, timings, findings),
        info=info,
        latency=latency,
    )


def _drift(instance: Instance, running: dict[str, str]) -> tuple[Finding, ...]:
    if not instance.server:
        return ()
    names = [f.check for f in judge_drift(instance.server, running, None) if not f.ok]
    finding = Finding(
        check="configuration",
        ok=not names,
        expected="as [server] says",
        actual=", ".join(names) + " differ" if names else "the same",
        detail="see `redis-dr config check`" if names else "",
    )
    return (finding,)
