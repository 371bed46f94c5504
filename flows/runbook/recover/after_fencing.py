"""An operation that was fenced after the stop: see whether the instance is left alone."""

import contextlib
from datetime import UTC, datetime

from redis_dr.flows.runbook.operation.operation import begin_operation
from redis_dr.tasks.engine.container import inspect
from redis_dr.tasks.model.backup.store_layout import new_backup_id
from redis_dr.tasks.model.errors import RedisDrError
from redis_dr.tasks.model.progress import Progress
from redis_dr.tasks.model.restore.journal import Journal
from redis_dr.tasks.model.settings.instance import Instance
from redis_dr.tasks.restore.stop import keep_serving, start_server


def check_after_fencing(instance: Instance, journal: Journal, progress: Progress) -> None:
    """Settle the instance under a new helper, as `recover` does, unless another operation is there.

    The helper ends by itself when the engine starts anew, and when this process was held up for
    longer than the lease. If another operation took over and has ended since, a stop of ours that
    was on its way may have come after it: then the container is started again, as it was.
    """
    # the caller tells that it was fenced; of somebody else at work, or no engine, it need not tell
    with (
        contextlib.suppress(RedisDrError),
        begin_operation(
            instance, "recover", new_backup_id(datetime.now(UTC)), progress
        ) as operation,
    ):
        if operation.recovered is None:
            keep_serving(operation.server, journal)
            if journal.was_running and not inspect(instance.container).running:
                start_server(operation.helper, instance, journal.dir)
