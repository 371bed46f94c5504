"""Keep a person's word that a fall of the content was meant."""

import getpass
import socket
from datetime import UTC, datetime

from redis_dr.tasks.catalog.catalog import refuse_when_gone
from redis_dr.tasks.model.backup.store_layout import accepted_key
from redis_dr.tasks.model.catalog.accepted import Acceptance
from redis_dr.tasks.step import step
from redis_dr.tasks.storage.base.protocol import ObjectStore


@step
def accept(store: ObjectStore, instance: str, backup_id: str, reason: str) -> None:
    """Store who accepts the content, when and why. Accepting twice keeps the first reason.

    Raises Damaged when a prune was quicker.
    """
    key = accepted_key(instance, backup_id)
    if store.stat(key) is None:
        store.create(key, Acceptance(datetime.now(UTC), _person(), reason).to_json())
    refuse_when_gone(store, instance, backup_id, key)


def _person() -> str:
    try:
        user = getpass.getuser()
    except (OSError, KeyError):  # a container's user without a name; KeyError before Python 3.13
        user = "unknown user"
    return f"{user}@{socket.gethostname()}"
