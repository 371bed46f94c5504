"""Begin an operation on an instance: hold the instance, recover what a dead operation left."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from redis_dr.flows.runbook.operation.dead_save import settle_dead_saves
from redis_dr.flows.runbook.operation.recovery import recover_unfinished
from redis_dr.flows.runbook.operation.ways_back import RecoveryResult
from redis_dr.tasks.engine.helper import Helper, hold, require_data_free
from redis_dr.tasks.model.backup.store_layout import backup_prefix
from redis_dr.tasks.model.progress import Progress, quiet, unfailing
from redis_dr.tasks.model.report import Finding
from redis_dr.tasks.model.server.holder import Holder
from redis_dr.tasks.model.server.survey import Survey
from redis_dr.tasks.model.server.volume import Layout
from redis_dr.tasks.model.settings.instance import Instance
from redis_dr.tasks.model.timings import Timings
from redis_dr.tasks.observe.survey import data_dir, survey
from redis_dr.tasks.restore.replaced import remove_empty_folders
from redis_dr.tasks.server.connection import ServerConnection


@dataclass(frozen=True)
class Operation:
    """One operation on one instance, with its right to write."""

    helper: Helper
    server: ServerConnection  # one pool and one breaker for all steps
    survey: Survey  # made while the instance is held: no other operation of ours changes it
    dir: str  # the server's data directory, also when the server does not answer
    progress: Progress = quiet
    timings: Timings = field(default_factory=Timings)
    recovered: RecoveryResult | None = None  # what a dead operation had left

    @property
    def instance(self) -> Instance:
        """The instance of the configuration."""
        return self.server.instance

    @property
    def recovery_findings(self) -> tuple[Finding, ...]:
        """What became of a dead operation: it belongs into the report of the one that follows."""
        return self.recovered.findings if self.recovered else ()

    @property
    def layout(self) -> Layout:
        """Where this operation keeps its things on the volume."""
        return Layout(self.dir, self.helper.holder.id)

    @property
    def prefix(self) -> str:
        """Where a backup by this operation lies in the store."""
        return backup_prefix(self.instance.name, self.helper.holder.id)


@contextmanager
def begin_operation(
    instance: Instance, operation: str, operation_id: str, progress: Progress = quiet
) -> Iterator[Operation]:
    """Hold the instance, recover what a dead operation left, and survey the instance.

    Raises Refused when another operation holds it, Unreachable, UsageError.
    """
    holder = Holder.this_process(operation, operation_id, instance.name)
    progress = unfailing(progress)
    lease, image = instance.restore.lease_seconds, instance.helper_image or ""
    with ServerConnection(instance) as server:
        first = survey(server, operation)
        with hold(first.container, holder, lease, image) as helper:
            folder = data_dir(helper, instance, first)
            require_data_free(first.container, helper, folder, lease)
            settle_dead_saves(helper, server, first, folder, progress)
            recovered = recover_unfinished(helper, server, folder, progress)
            second = survey(server, operation)
            folder = data_dir(helper, instance, second)
            try:
                yield Operation(helper, server, second, folder, progress, recovered=recovered)
            finally:
                remove_empty_folders(helper, Layout(folder, holder.id))
