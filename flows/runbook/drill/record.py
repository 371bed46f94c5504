"""The record of a drill in the store: the proof, and beside it a page for people."""

from dataclasses import dataclass
from datetime import datetime
from importlib.metadata import version
from io import BytesIO
from pathlib import Path, PurePosixPath
from shutil import copyfileobj
from typing import BinaryIO, Self

from redis_dr.tasks.catalog.catalog import add_proof, choose
from redis_dr.tasks.catalog.judged import open_catalog
from redis_dr.tasks.drill.page import render_page
from redis_dr.tasks.evidence.proof import Signer, proof_of
from redis_dr.tasks.model.backup.manifest import Manifest
from redis_dr.tasks.model.backup.store_layout import PROOFS, backup_prefix, proof_name
from redis_dr.tasks.model.catalog.catalog import Catalog
from redis_dr.tasks.model.catalog.unwritten import no_proof
from redis_dr.tasks.model.drill.drill_report import DrillReport
from redis_dr.tasks.model.drill.evidence import statement_of
from redis_dr.tasks.model.errors import StoreError, UsageError
from redis_dr.tasks.model.settings.instance import Instance
from redis_dr.tasks.storage.opening import open_store
from redis_dr.tasks.workspace import open_private


@dataclass(frozen=True, slots=True)
class RecordNames:
    """The names of the two files of a drill's record, in the backup's folder of proofs."""

    proof: str
    html: str

    @classmethod
    def new(cls, started_at: datetime, *, proven: bool) -> Self:
        """The names for a drill that began at `started_at`."""
        proof = proof_name("drill", started_at, ok=proven)
        return cls(proof, str(PurePosixPath(proof).with_suffix(".html")))


def record(
    instance: Instance,
    catalog: Catalog,
    manifest: Manifest,
    report: DrillReport,
    signer: Signer | None,
) -> DrillReport:
    """Store the proof and the page under the names that the report gives.

    A store that takes no proof is a finding, and the report then names none: what the drill found
    stays what it is.
    """
    store = open_store(instance.store)
    data = proof_of(statement_of(report, manifest, version("redis-dr")), signer)
    html = render_page(report, manifest, catalog, instance).encode()
    # the page first: when the proof is stored, the record is complete
    try:
        add_proof(store, instance.name, manifest.backup_id, report.html, html)
        add_proof(store, instance.name, manifest.backup_id, report.proof, data)
    except StoreError as error:
        findings = (*report.findings, no_proof(error, "drill"))
        return report.model_copy(update={"findings": findings, "proof": "", "html": ""})
    return report


def write_page(instance: Instance, report: DrillReport, path: str) -> None:
    """The page on this machine. Raises UsageError when it cannot be written."""
    try:
        with _page(instance, report) as source, open_private(Path(path)) as sink:
            copyfileobj(source, sink)
    except OSError as error:
        raise UsageError(f"{path} cannot be written: {error.strerror}", "name another") from error


def _page(instance: Instance, report: DrillReport) -> BinaryIO:
    """As it is stored; of a drill whose page the store did not take, rendered again."""
    store = open_store(instance.store)
    if report.html:
        return store.open(backup_prefix(instance.name, report.backup_id) + PROOFS + report.html)
    catalog = open_catalog(instance, store)
    manifest = choose(catalog, report.backup_id)
    return BytesIO(render_page(report, manifest, catalog, instance).encode())
