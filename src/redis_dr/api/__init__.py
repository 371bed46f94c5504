"""Every command as a function that returns its report. Prefect is not needed.

    from redis_dr import api

    report = api.backup("redis-dr.toml")
    print(report.backup_id, report.ok)

The first argument names the instance: an `Instance`, `Settings` or the path of a configuration
with one instance, or None for the configuration that the command would use ($REDIS_DR_CONFIG, else
redis-dr.toml). With several instances: `api.backup(api.instance("redis-dr.toml", "weka-redis"))`.

A report is a frozen pydantic model: `ok`, `findings`, `seconds`, and the fields of its command;
`report.model_dump_json()` is what `--json` prints. Sizes are bytes, durations seconds, times UTC.
A bad verdict is a report with `ok` False; what prevents a verdict raises an error of
`redis_dr.tasks.model.errors`. Every function may raise `UsageError` (wrong configuration or
argument), `Unreachable` (server or engine does not answer) and `StoreError` (store does not answer
or refuses); its docstring names the errors beyond these. `progress(text, done)` receives what the
operation does; `done` is a share from 0 to 1 or None.

Importing this module loads none of the heavy libraries: each function loads what it needs.
"""

import importlib
from typing import TYPE_CHECKING, Any

from redis_dr.api._cache import (
    audit_keys,
    epoch,
    flush,
    invalidate,
    warm,
)
from redis_dr.api._catalog import (
    accept,
    copy,
    doctor,
    export,
    list_all,
    list_backups,
    pin,
    prune,
    show,
    unpin,
    verify,
)
from redis_dr.api._observe import (
    check,
    check_all,
    check_config,
    health,
    health_all,
    init,
    monitor,
    render_config,
    top,
    write_metrics,
)
from redis_dr.api._operations import (
    backup,
    backup_all,
    drill,
    plan_restore,
    recover,
    recoverable,
    restore,
    write_drill_page,
)
from redis_dr.api._target import (
    instance,
    settings,
)

if TYPE_CHECKING:
    from redis_dr.flows.runbook.drill.drill import DrillOptions
    from redis_dr.flows.runbook.observe.init import Wish as InitOptions
    from redis_dr.tasks.catalog.verify import Share
    from redis_dr.tasks.model.cache.flush import FlushRequest
    from redis_dr.tasks.model.catalog.store_reports import ExportRequest
    from redis_dr.tasks.model.restore.restore_report import RestoreOptions
    from redis_dr.tasks.model.settings.instance import Instance
    from redis_dr.tasks.model.settings.root import Settings
    from redis_dr.tasks.model.settings.store import StoreSettings

__all__ = [
    "DrillOptions",
    "ExportRequest",
    "FlushRequest",
    "InitOptions",
    "Instance",
    "RestoreOptions",
    "Settings",
    "Share",
    "StoreSettings",
    "accept",
    "audit_keys",
    "backup",
    "backup_all",
    "check",
    "check_all",
    "check_config",
    "copy",
    "doctor",
    "drill",
    "epoch",
    "export",
    "flush",
    "health",
    "health_all",
    "init",
    "instance",
    "invalidate",
    "list_all",
    "list_backups",
    "monitor",
    "pin",
    "plan_restore",
    "prune",
    "recover",
    "recoverable",
    "render_config",
    "restore",
    "settings",
    "show",
    "top",
    "unpin",
    "verify",
    "warm",
    "write_drill_page",
    "write_metrics",
]

# the arguments of some functions, importable from here: `api.RestoreOptions(...)`
_TYPES = {
    "DrillOptions": ("redis_dr.flows.runbook.drill.drill", "DrillOptions"),
    "ExportRequest": ("redis_dr.tasks.model.catalog.store_reports", "ExportRequest"),
    "FlushRequest": ("redis_dr.tasks.model.cache.flush", "FlushRequest"),
    "InitOptions": ("redis_dr.flows.runbook.observe.init", "Wish"),
    "Instance": ("redis_dr.tasks.model.settings.instance", "Instance"),
    "RestoreOptions": ("redis_dr.tasks.model.restore.restore_report", "RestoreOptions"),
    "Settings": ("redis_dr.tasks.model.settings.root", "Settings"),
    "Share": ("redis_dr.tasks.catalog.verify", "Share"),
    "StoreSettings": ("redis_dr.tasks.model.settings.store", "StoreSettings"),
}


def __getattr__(name: str) -> Any:  # a type checker sees the imports above
    if name not in _TYPES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module, attribute = _TYPES[name]
    return getattr(importlib.import_module(module), attribute)
