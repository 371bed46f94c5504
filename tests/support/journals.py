"""A restore's journal for tests that judge one."""

from typing import Any

from redis_dr.tasks.model.restore.journal import Journal


def journal_fields(**changes: Any) -> dict[str, Any]:
    """What a journal holds of a restore into a server that ran, answered and had no key."""
    return {
        "operation_id": "x",
        "instance": "shop",
        "backup_id": "y",
        "begun_at": "",
        "dir": "/data",
        "dump": "dump.rdb",
        "append_folder": "",
        "restart_policy": "no",
        "restart_retries": 0,
        "was_running": True,
        "answered": True,
        "save": "",
        "keys": {},
        **changes,
    }


def journal_of(container: str, container_id: str) -> Journal:
    """The journal of a restore into this container."""
    return Journal.model_validate(journal_fields(container=container, container_id=container_id))
