"""Let go of data that a restore replaced, once a later backup was proven."""

import contextlib

from redis_dr.flows.runbook.operation.operation import Operation
from redis_dr.tasks.catalog.judged import open_catalog
from redis_dr.tasks.model.catalog.catalog import Catalog
from redis_dr.tasks.model.catalog.origins import own_backups
from redis_dr.tasks.model.errors import StoreError
from redis_dr.tasks.model.server.volume import Layout
from redis_dr.tasks.observe.origin import origin_of
from redis_dr.tasks.restore.replaced import list_replaced, remove_replaced


def release_replaced(operation: Operation) -> tuple[str, ...]:
    """Remove what was set aside before the newest proven backup; returns the ids removed.

    Age takes what no proof releases (restore.set_aside_hours). A store that is away releases
    nothing.
    """
    folder = Layout(operation.dir, "").folder
    lying = list_replaced(operation.helper, folder)
    if not lying:
        return ()
    with contextlib.suppress(StoreError):
        here = origin_of(operation.survey.container)
        newest = _newest_proven(own_backups(open_catalog(operation.instance), here))
        # an operation's id begins with its second, in UTC
        gone = tuple(one.operation_id for one in lying if one.operation_id[: len(newest)] < newest)
        remove_replaced(operation.helper, folder, gone)
        return gone
    return ()


def _newest_proven(catalog: Catalog) -> str:
    newest = max((catalog.moment(one) for one in catalog.proven), default=None)
    return "" if newest is None else f"{newest:%Y%m%dT%H%M%SZ}"
