"""What takes memory, what was slow, who is connected: the runbook's monitoring queries, safely."""

import time
from contextlib import closing
from datetime import UTC, datetime

from redis_dr.tasks.cache.flush import look_at_server
from redis_dr.tasks.model.observe.top import TopReport
from redis_dr.tasks.model.report import Finding
from redis_dr.tasks.model.settings.instance import Instance
from redis_dr.tasks.observe.top import read_clients, read_slow_log, weigh_keys
from redis_dr.tasks.server.connection import connect


def top(instance: Instance, db: int, sample: int, count: int) -> TopReport:
    """Weigh up to `sample` keys of `db`, and show `count` of everything. Raises Unreachable."""
    started, begun = datetime.now(UTC), time.monotonic()
    with closing(connect(instance, db)) as client:
        keys = look_at_server(client, instance).keys_in(db)
        sampled, biggest, patterns = weigh_keys(client, db, instance, (sample, count))
        slow = read_slow_log(client, instance, count)
        connections, clients = read_clients(client, instance)
    finding = _finding(sampled, sample, keys)
    return TopReport(
        command="top",
        instance=instance.name,
        ok=finding.ok,
        started_at=started,
        seconds=round(time.monotonic() - begun, 3),
        findings=(finding,),
        db=db,
        keys=keys,
        sampled=sampled,
        biggest=biggest,
        patterns=patterns,
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
