"""Show and raise the epochs that make cache entries stale."""

from collections.abc import Sequence

from redis_dr.flows.runbook.observe.silence import explained
from redis_dr.tasks.cache.epochs import Wanted, bump_epochs, count_epochs, read_epochs
from redis_dr.tasks.model.cache.epochs import Epoch, EpochReport
from redis_dr.tasks.model.errors import UsageError
from redis_dr.tasks.model.report import Finding, all_ok, heading
from redis_dr.tasks.model.server.rights_gates import require_rights
from redis_dr.tasks.model.settings.instance import Instance
from redis_dr.tasks.model.timings import Timings
from redis_dr.tasks.server.connection import ServerConnection
from redis_dr.tasks.server.rights import ask_rights


def wanted_of(docs: Sequence[str], chunks: Sequence[str], *, everything: bool) -> Wanted:
    """What was named, in this order: documents, chunks, the global counter."""
    named: list[tuple[str, str | None]] = [("doc", doc) for doc in docs]
    named += [("chunk", chunk) for chunk in chunks]
    return [*named, ("global", None)] if everything else named


def epoch(instance: Instance, wanted: Wanted, *, bump: bool) -> EpochReport:
    """Raise what is wanted by one, or show it. Raises UsageError, Unreachable."""
    if bump and not wanted:
        raise UsageError("no epoch is named", "add --doc ID, --chunk ID or --global")
    timings = Timings()
    with explained(instance), ServerConnection(instance) as server:
        require_rights(ask_rights(server, "epoch bump" if bump else "epoch show"))
        client = server.client(instance.epochs.db)
        act = bump_epochs if bump else read_epochs
        epochs = act(client, instance, wanted)
        documents, chunks = count_epochs(client, instance)
        now = read_epochs(client, instance, wanted) if bump else epochs
    findings = tuple(_finding(item, seen) for item, seen in zip(epochs, now, strict=True))
    return EpochReport(
        **heading("epoch", instance.name, timings, findings, ok=all_ok(findings) or not wanted),
        namespace=instance.epochs.namespace,
        epochs=epochs,
        documents=documents,
        chunks=chunks,
    )


def _finding(item: Epoch, seen: Epoch) -> Finding:
    return Finding(
        check=f"epoch of {item.kind} {item.id or ''}".rstrip(),
        ok=seen.value >= item.value,  # others may have raised it since
        expected=item.value,
        actual=seen.value,
    )
