"""Whether a dead operation left something on an instance; looks, and never takes the lock."""

from redis_dr.tasks.engine.container import inspect
from redis_dr.tasks.engine.helper import holder_of
from redis_dr.tasks.engine.journals import journals_on
from redis_dr.tasks.model.restore.journal import own_journals
from redis_dr.tasks.model.settings.instance import Instance
from redis_dr.tasks.step import step


@step
def unfinished_operation(instance: Instance) -> str:
    """What is there to recover, in words; empty when nothing is, or when its holder lives.

    A janitor that took the lock to look would be in the way of the nightly backup.
    Raises Unreachable.
    """
    operation = holder_of(instance.container)
    if operation is not None:
        holder, status = operation
        if status != "running":
            return f"the helper container of {holder} has ended"
        return f"{holder} is dead" if holder.surely_dead() else ""
    texts = journals_on(inspect(instance.container), instance.helper_image or "")
    for journal in own_journals(texts, instance.name):
        return f"{journal} is the journal of an operation that did not end"
    return ""
