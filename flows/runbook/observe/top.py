"""Show what takes memory, what was slow and who is connected, without blocking the server."""

from redis_dr.flows.runbook.observe.silence import explained
from redis_dr.tasks.cache.flush import look_at_server
from redis_dr.tasks.model.observe.top import TopReport
from redis_dr.tasks.model.report import Finding, heading
from redis_dr.tasks.model.settings.instance import Instance
from redis_dr.tasks.model.timings import Timings
from redis_dr.tasks.observe.top import Sample, read_clients, read_slow_log, weigh_keys
from redis_dr.tasks.server.connection import ServerConnection


def top(instance: Instance, db: int, sample: int, count: int) -> TopReport:
    """Weigh up to `sample` keys of `db`, and show `count` of everything. Raises Unreachable."""
    timings = Timings()
    with explained(instance), ServerConnection(instance) as server:
        client = server.client(db)
        keys = look_at_server(client, instance).keys_in(db)
        weighed = weigh_keys(client, instance, Sample(db=db, keys=sample, biggest=count))
        slow = read_slow_log(client, instance, count)
        connections, clients = read_clients(client, instance)
    finding = _finding(weighed.sampled, sample, keys)
    return TopReport(
        **heading("top", instance.name, timings, [finding]),
        db=db,
        keys=keys,
        sampled=weighed.sampled,
        biggest=weighed.biggest,
        patterns=weighed.patterns,
        slow=slow,
        clients=clients[:count],
        connections=connections,
    )


def _finding(sampled: int, wanted: int, keys: int) -> Finding:
    return Finding(
        check="keys weighed",
        ok=sampled > 0 or keys == 0,
        expected=min(wanted, keys),
        actual=sampled,
        detail="all of them" if sampled >= keys else "a sample: bigger keys may be outside of it",
    )
