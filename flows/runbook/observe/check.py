"""One verdict on the estate: the store, the instance, the machine, the schedule."""

import os
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Any, TypeVar

from redis_dr.flows.runbook.observe.restorable import judge_restorable, refused
from redis_dr.flows.runbook.observe.silence import explained
from redis_dr.tasks.catalog.doctor import read_clock
from redis_dr.tasks.catalog.judged import open_catalog
from redis_dr.tasks.drill.history import recent_drills
from redis_dr.tasks.engine.container import inspect
from redis_dr.tasks.engine.scratch import sweep
from redis_dr.tasks.http.prefect_schedules import Schedules, read_schedules
from redis_dr.tasks.model.backup.manifest import Manifest
from redis_dr.tasks.model.catalog.catalog import Catalog
from redis_dr.tasks.model.catalog.origins import judge_origins
from redis_dr.tasks.model.errors import RedisDrError
from redis_dr.tasks.model.observe.check_copies import judge_copy
from redis_dr.tasks.model.observe.check_report import CheckReport
from redis_dr.tasks.model.observe.check_server import (
    judge_clock,
    judge_persistence,
    judge_set_aside,
    judge_settings,
    unanswered,
)
from redis_dr.tasks.model.observe.check_store import judge_catalog
from redis_dr.tasks.model.report import Finding, heading
from redis_dr.tasks.model.server.names import names_of
from redis_dr.tasks.model.settings.instance import Instance
from redis_dr.tasks.model.timings import Timings
from redis_dr.tasks.observe.check import ServerSeen, look_at_instance, look_for_replaced
from redis_dr.tasks.observe.origin import origin_of
from redis_dr.tasks.restore.unfinished import unfinished_operation
from redis_dr.tasks.storage.opening import open_store

R = TypeVar("R")


@dataclass
class _Seen:
    """What the parts of the check found, in their order."""

    findings: list[Finding] = field(default_factory=list)
    figures: dict[str, Any] = field(default_factory=dict)
    newest: Manifest | None = None  # backup

    def ask(self, check: str, look: Callable[[], R]) -> R | None:
        """What `look` gives; an error of ours is a bad finding: no check that did not run is ok."""
        try:
            return look()
        except RedisDrError as error:
            self.findings.append(unanswered(check, error.problem, error.remedy))
            return None


def check(instance: Instance) -> CheckReport:
    """Look everywhere, raise nothing of what is seen: what does not answer is a finding."""
    timings = Timings()
    seen = _Seen()
    _look_at_store(seen, instance, timings.started_at)
    _look_at_server(seen, instance)
    _look_at_gates(seen, instance)
    _look_at_engine(seen, instance)
    _look_at_schedule(seen, instance)
    return CheckReport(
        **heading("check", instance.name, timings, seen.findings),
        store=open_store(instance.store).address,
        **seen.figures,
    )


def _look_at_store(seen: _Seen, instance: Instance, now: datetime) -> None:
    store = open_store(instance.store)
    catalog = seen.ask("the store answers", lambda: open_catalog(instance, store))
    if catalog is None:
        return
    seen.findings += judge_catalog(catalog, instance, now)
    here = seen.ask("where this instance runs", lambda: origin_of(inspect(instance.container)))
    seen.findings += judge_origins(catalog, here, now)
    _look_at_copies(seen, instance, catalog, now)
    if clock := seen.ask("clock of the store", lambda: read_clock(store)):
        seen.findings.append(clock.model_copy(update={"check": "clock of the store"}))
    good, regular = catalog.proven, catalog.regular
    last = seen.ask("the last drill", lambda: recent_drills(store, catalog, 1)) or ()
    seen.figures.update(
        backups=len(catalog.manifests),
        rto_seconds=last[0].rto_seconds if last else None,
        rpo_seconds=last[0].rpo_seconds if last else None,
    )
    if regular:
        newest = seen.newest = regular[0]
        seen.figures.update(
            newest_backup_id=newest.backup_id,
            newest_backup_at=newest.created_at,
            size=newest.rdb.size,
            stored_size=newest.stored_size,
            keys={db: database.keys for db, database in newest.databases.items()},
        )
    if good:
        seen.figures.update(newest_proven_id=good[0].backup_id, newest_proven_at=good[0].created_at)


def _look_at_server(seen: _Seen, instance: Instance) -> None:
    found = seen.ask("the server answers", lambda: _look(instance))
    if found is None:
        return
    state = f"loading, {found.info.loading_loaded_perc:g} %" if found.info.loading else "serving"
    seen.findings += [
        Finding(check="the server answers", ok=not found.info.loading, actual=state),
        *judge_persistence(found.info),
        names_of(found.persistence),
        *judge_settings(instance, found.settings),
        judge_clock("the server", found.clock, found.between, instance.check.clock_skew_seconds),
    ]
    folder = found.persistence.dir
    aside = seen.ask("replaced data on the volume", lambda: look_for_replaced(instance, folder))
    if aside is not None:
        seen.findings.append(judge_set_aside(aside, instance))
        seen.figures["set_aside_bytes"] = sum(size for _, _, size in aside)


def _look(instance: Instance) -> ServerSeen:
    with explained(instance):
        return look_at_instance(instance)


def _look_at_gates(seen: _Seen, instance: Instance) -> None:
    """Red where a restore would be refused."""
    gates = seen.ask("a restore may begin", lambda: judge_restorable(instance, seen.newest))
    if gates is not None:
        seen.findings += refused(gates)


def _look_at_copies(seen: _Seen, instance: Instance, catalog: Catalog, now: datetime) -> None:
    for settings in instance.store.copies:
        store = open_store(settings)
        copy = seen.ask(f"copy in {store.address}", partial(open_catalog, instance, store))
        if copy is not None:
            seen.findings.append(judge_copy(store.address, copy, catalog, now))


def _look_at_engine(seen: _Seen, instance: Instance) -> None:
    left = seen.ask("nothing was left half done", lambda: unfinished_operation(instance))
    if left is not None:
        seen.findings.append(
            Finding(
                check="nothing was left half done",
                ok=not left,
                expected="nothing",
                actual=left or "nothing",
                detail="run `redis-dr recover`" if left else "",
            )
        )
    swept = seen.ask("dead drills are swept", lambda: sweep(instance.name))
    seen.figures["swept"] = swept or ()


def _look_at_schedule(seen: _Seen, instance: Instance) -> None:
    url = instance.check.prefect_api_url or os.environ.get("PREFECT_API_URL")
    if not url:
        return
    found = seen.ask("schedules are active", lambda: read_schedules(url))
    if found is not None:
        seen.findings.append(
            Finding(
                check="schedules are active",
                ok=bool(found.active) and not found.paused and not found.held,
                expected="all",
                actual="; ".join(_at_rest(found)) or f"{len(found.active)} active",
                detail="" if found.active else "nothing is scheduled: `redis-dr serve` deploys it",
            )
        )


def _at_rest(schedules: Schedules) -> list[str]:
    paused = [f"paused: {', '.join(schedules.paused)}"] if schedules.paused else []
    return [*paused, *schedules.held]
