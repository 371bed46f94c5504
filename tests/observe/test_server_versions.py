"""The verbs on every server that we can run: Redis 7.0, Redis 8.0, Valkey 8.1."""

from redis_dr.flows.runbook.cache.audit import audit_keys
from redis_dr.flows.runbook.cache.flush import flush
from redis_dr.flows.runbook.cache.invalidate import invalidate
from redis_dr.flows.runbook.observe.config import check
from redis_dr.flows.runbook.observe.health import health
from redis_dr.flows.runbook.observe.monitor import monitor
from redis_dr.flows.runbook.observe.top import top
from redis_dr.tasks.model.cache.flush import FlushRequest
from tests.support.instance import instance_of


def test_every_verb_works_on_every_server(redis_factory, redis_image):
    """Health, top, monitor, audit, drift, invalidation and a free flush, with the same findings."""
    server = redis_factory(image=redis_image, args=["--maxmemory", "256mb"])
    instance = instance_of(
        server,
        databases={"1": {"flush": "free"}},
        keys=[{"pattern": "doc:cache:{doc_id}", "ttl": 3600}],
        server={"maxmemory": "256mb"},
        health={"latency_ms": 5000},
    )
    server.client().set("doc:cache:d1", "x", ex=3600)
    server.client(1).set("test:1", "x")

    well, biggest = health(instance), top(instance, 0, 100, 5)

    assert well.ok, well.findings
    assert well.info.server_name == ("valkey" if "valkey" in redis_image else "redis")
    assert well.info.version.startswith(redis_image.rsplit(":", 1)[1])
    assert biggest.biggest[0].key == "doc:cache:d1"
    assert biggest.connections >= 1
    assert monitor(instance, 0.1, 10).ok
    assert audit_keys(instance, 100).ok
    assert next(one for one in check(instance).findings if one.check == "maxmemory").ok
    assert invalidate(instance, "d1", []).removed == 1
    assert flush(instance, FlushRequest(db=1), _no_proof_is_needed).removed == 1


def _no_proof_is_needed(_instance, backup_id, _say):
    raise AssertionError(f"a free flush asked for a proof of {backup_id}")
