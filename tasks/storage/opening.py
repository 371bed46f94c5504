"""From the configured URL to a store. Nothing is contacted before the first call."""

import contextlib
import threading

from redis_dr.tasks.model.errors import RedisDrError
from redis_dr.tasks.model.settings.store import StoreSettings
from redis_dr.tasks.storage.base.protocol import ObjectStore
from redis_dr.tasks.storage.directory.store import DirectoryStore, root_of


def open_store(settings: StoreSettings) -> ObjectStore:
    """The store of `store.url`. boto3 is loaded only for s3:// (it costs half a second)."""
    if settings.url.startswith("s3://"):
        from redis_dr.tasks.storage.s3.store import S3Store  # noqa: PLC0415 see the docstring

        return S3Store(settings)
    return DirectoryStore(root_of(settings.url))


def load_ahead(settings: StoreSettings) -> None:
    """Load what the store will need in a thread, while the caller waits for something else.

    boto3 and its description of S3 take most of a second. What fails here fails again, and is
    told, where the store is used.
    """
    if settings.url.startswith("s3://"):
        threading.Thread(target=_load, args=(settings,), name="redis-dr-load", daemon=True).start()


def _load(settings: StoreSettings) -> None:
    with contextlib.suppress(RedisDrError):
        from redis_dr.tasks.storage.s3.client import make_client  # noqa: PLC0415 see load_ahead

        make_client(settings)
