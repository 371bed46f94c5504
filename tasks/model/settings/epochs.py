"""`[epochs]`: the version counters that make cache entries stale."""

from redis_dr.tasks.model.settings.base import Section


class EpochSettings(Section):
    """Keys are {namespace}:doc_epoch, {namespace}:chunk_epoch (hashes) and :global_epoch."""

    namespace: str = "rag:v1"
    db: int = 0

    @property
    def hashes(self) -> tuple[str, ...]:
        """Hash keys whose fields hold an epoch each."""
        return (f"{self.namespace}:doc_epoch", f"{self.namespace}:chunk_epoch")

    @property
    def counter(self) -> str:
        """The string key that holds the epoch of everything."""
        return f"{self.namespace}:global_epoch"
