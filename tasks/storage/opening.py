"""From the configured URL to a store. Nothing is contacted before the first call."""

from tasks.model.settings.store import StoreSettings
from tasks.storage.directory import DirectoryStore, root_of
from tasks.storage.protocol import ObjectStore


def open_store(settings: StoreSettings) -> ObjectStore:
    """The store of `store.url`. boto3 is loaded only for s3:// (it costs half a second)."""
    if settings.url.startswith("s3://"):
        from tasks.storage.s3 import S3Store  # noqa: PLC0415 see the docstring

        return S3Store(settings)
    return DirectoryStore(root_of(settings.url))
