"""A drill holds a ground of its own, never the instance: everything else is as in a restore."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from redis_dr.flows.runbook.operation.operation import Operation
from redis_dr.tasks.engine.errors import NoSuchContainer
from redis_dr.tasks.engine.helper import hold
from redis_dr.tasks.engine.scratch import ScratchSpec, find_image, free_servers, scratch, sweep
from redis_dr.tasks.model.backup.manifest import Manifest
from redis_dr.tasks.model.drill.images import choose_image
from redis_dr.tasks.model.errors import Refused
from redis_dr.tasks.model.progress import Progress, unfailing
from redis_dr.tasks.model.server.holder import Holder
from redis_dr.tasks.model.server.survey import Survey
from redis_dr.tasks.model.settings.instance import Instance
from redis_dr.tasks.server.connection import ServerConnection


@contextmanager
def on_scratch(
    instance: Instance, manifest: Manifest, operation_id: str, progress: Progress
) -> Iterator[tuple[Operation, tuple[str, ...]]]:
    """Make the ground, hold it, clear away what dead drills left (given as the second).

    The survey is that of an instance that does not answer: what a restore then takes from the
    manifest, it takes here. Raises Refused when another drill of the instance runs, Unreachable.
    """
    holder = Holder.this_process("drill", operation_id, instance.name)
    choice = choose_image(manifest, instance.drill)
    image = find_image(choice.names, pull=choice.pull)
    spec = ScratchSpec(holder, image, manifest.persistence.dir)
    with scratch(spec) as container, ExitStack() as stack:
        lease, helper_image = instance.drill.lease_seconds, instance.helper_image or ""
        try:
            helper = stack.enter_context(hold(container, holder, lease, helper_image))
        except NoSuchContainer as error:
            raise Refused(
                f"another drill of {instance.name} cleared this one away: {error.problem}",
                "wait until it ends; one drill of an instance runs at a time",
            ) from error
        swept = sweep(instance.name, mine=operation_id)
        stack.callback(free_servers, instance.name)
        found = Survey(container, silent="a drill asks no instance")
        server = ServerConnection(instance)  # a drill never connects to it
        yield Operation(helper, server, found, manifest.persistence.dir, unfailing(progress)), swept
