"""Do the keys on the server keep what the configured patterns promise?"""

from redis_dr.flows.runbook.observe.silence import explained
from redis_dr.tasks.cache.audit import sample_keys
from redis_dr.tasks.cache.flush import look_at_server
from redis_dr.tasks.model.cache.key_audit import Audit, KeyAuditReport, judge_audit
from redis_dr.tasks.model.errors import UsageError
from redis_dr.tasks.model.report import heading
from redis_dr.tasks.model.settings.instance import Instance
from redis_dr.tasks.model.timings import Timings
from redis_dr.tasks.server.connection import ServerConnection


def audit_keys(instance: Instance, sample: int) -> KeyAuditReport:
    """Sample `sample` keys of each database that has rules. Raises UsageError, Unreachable."""
    if not instance.keys:
        raise UsageError(
            "no key patterns are configured", "add [[keys]] tables, or let `redis-dr init` guess"
        )
    timings = Timings()
    audit = Audit(instance.keys)
    with explained(instance), ServerConnection(instance) as server:
        client = server.client()
        info = look_at_server(client, instance)
        for db in sorted({rule.db for rule in instance.keys} & info.keyspace.keys()):
            sample_keys(server.client(db), db, instance, sample, audit.add)
    configured = sorted({*instance.databases, *(rule.db for rule in instance.keys)})
    findings = judge_audit(audit, sorted(info.keyspace), configured)
    return KeyAuditReport(
        **heading("keys audit", instance.name, timings, findings),
        sampled=audit.sampled,
        unknown=audit.unknown,
        keys={db: keyspace.keys for db, keyspace in info.keyspace.items()},
    )
