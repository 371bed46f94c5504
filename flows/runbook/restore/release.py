"""Let go of data that a restore replaced, once a later backup was proven."""

import contextlib

from redis_dr.flows.runbook.operation.operation import Held
from redis_dr.tasks.catalog.catalog import load_catalog
from redis_dr.tasks.model.catalog.catalog import Catalog
from redis_dr.tasks.model.errors import StoreError
from redis_dr.tasks.model.server.volume import Layout
from redis_dr.tasks.restore.replaced import list_set_aside, remove_set_aside
from redis_dr.tasks.storage.opening import open_store


def forget_replaced(held: Held) -> tuple[str, ...]:
    """Remove what was set aside before the newest proven backup; returns the ids removed.

    Age takes what no proof releases (restore.set_aside_hours). A store that is away releases
    nothing.
    """
    folder = Layout(held.dir, "").folder
    lying = list_set_aside(held.hands, folder)
    if not lying:
        return ()
    with contextlib.suppress(StoreError):
        newest = _newest_proven(load_catalog(open_store(held.instance.store), held.instance.name))
        # an operation's id begins with its second, in UTC
        gone = tuple(one.operation_id for one in lying if one.operation_id[: len(newest)] < newest)
        remove_set_aside(held.hands, folder, gone)
        return gone
    return ()


def _newest_proven(catalog: Catalog) -> str:
    proven = [
        one
        for one in catalog.manifests
        if not one.is_safety and catalog.proven_at(one.backup_id) is not None
    ]
    newest = max((one.created_at for one in proven), default=None)
    return "" if newest is None else f"{newest:%Y%m%dT%H%M%SZ}"
