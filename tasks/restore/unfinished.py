"""Whether a dead operation left something on an instance; looks, and never takes the lock."""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass

from pydantic import ValidationError

from redis_dr.tasks.engine.container import inspect
from redis_dr.tasks.engine.helper import holder_of
from redis_dr.tasks.engine.journals import journals_on
from redis_dr.tasks.model.restore.journal import Journal, own_journals
from redis_dr.tasks.model.settings.instance import Instance
from redis_dr.tasks.restore.journal import is_own
from redis_dr.tasks.step import step


@dataclass(frozen=True, slots=True)
class Remains:
    """What dead operations left on the volumes of an instance."""

    reason: str = ""  # what is there to recover, in words; "" when nothing is
    of_others: tuple[str, ...] = ()  # what only another instance or container settles


def unfinished_operation(instance: Instance) -> str:
    """What is there to recover, in words; empty when nothing is, or when its holder lives.

    Raises Unreachable.
    """
    return look_for_remains(instance).reason


@step
def look_for_remains(instance: Instance) -> Remains:
    """What is there to recover, and what is another's; nothing while a holder lives.

    A janitor that took the lock to look would be in the way of the nightly backup.
    Raises Unreachable.
    """
    operation = holder_of(instance.container)
    if operation is not None:
        holder, status = operation
        if status != "running":
            return Remains(f"the helper container of {holder} has ended")
        return Remains(f"{holder} is dead" if holder.surely_dead() else "")
    container = inspect(instance.container)
    texts = journals_on(container, instance.helper_image or "")
    others = {
        path: f"{path} is of {journal.whose}"
        for path, journal in _readable(texts).items()
        if not is_own(journal, instance, container)
    }
    # of one that cannot be read the recovery says what is wrong with it
    own = [path for path in own_journals(texts, instance.name) if path not in others]
    reason = f"{own[0]} is the journal of an operation that did not end" if own else ""
    return Remains(reason, tuple(others.values()))


def _readable(texts: Mapping[str, str]) -> dict[str, Journal]:
    journals = {}
    for path, text in texts.items():
        with suppress(ValidationError):
            journals[path] = Journal.model_validate_json(text)
    return journals
