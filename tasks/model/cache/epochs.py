"""Epochs: counters that, raised, make every cache entry of an older epoch stale."""

from pydantic import BaseModel, ConfigDict

from redis_dr.tasks.model.report import Report


class Epoch(BaseModel):
    """One counter. `before` is None when it was only read, `value` 0 when it does not exist yet."""

    model_config = ConfigDict(frozen=True, hide_input_in_errors=True, extra="forbid")

    kind: str  # doc | chunk | global
    id: str | None  # None for global
    value: int  # now
    before: int | None = None  # null: it was only read


class EpochReport(Report):
    """The report of `epoch show` and `epoch bump`."""

    namespace: str  # prefix of the epoch keys
    epochs: tuple[Epoch, ...] = ()  # the counters that were read or raised
    documents: int = 0  # fields of {namespace}:doc_epoch
    chunks: int = 0  # fields of {namespace}:chunk_epoch
