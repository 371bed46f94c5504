"""The warm-up inside a drill: every query is sent to a stand-in service that always answers."""

from contextlib import closing

from redis_dr.tasks.cache.query_lists import read_lists
from redis_dr.tasks.cache.warm import ask_all
from redis_dr.tasks.drill.stand_in import stand_in_service
from redis_dr.tasks.http.query_service import HttpService
from redis_dr.tasks.model.backup.manifest import Manifest
from redis_dr.tasks.model.cache.queries import plan_queries
from redis_dr.tasks.model.drill.drill_findings import WARM_UP_CHECK, judge_warm_up
from redis_dr.tasks.model.errors import UsageError
from redis_dr.tasks.model.report import Finding
from redis_dr.tasks.model.settings.instance import Instance


def rehearse_warm_up(instance: Instance, manifest: Manifest) -> tuple[Finding, ...]:
    """Send all queries that a warm-up after this restore would send; () without a warm-up.

    It shows that the lists can be read and that each query fits into a request, and it measures
    the time of the requests. The time of the real service comes on top.
    """
    settings = instance.warm
    if not settings.configured:
        return ()
    if settings.endpoint is None:
        reason = "not tried: a function has no stand-in"
        return (Finding(check=WARM_UP_CHECK, ok=True, actual=reason),)
    try:
        queries = plan_queries(read_lists(settings.lists), manifest.inventory, settings)
    except UsageError as error:
        return (Finding(check=WARM_UP_CHECK, ok=False, actual=error.problem),)
    with stand_in_service(settings.endpoint) as endpoint:
        local = settings.model_copy(update={"endpoint": endpoint, "rate_per_second": None})
        with closing(HttpService(local)) as service:
            outcome = ask_all(queries, service, instance.model_copy(update={"warm": local}), None)
    return (judge_warm_up(len(queries), outcome),)
