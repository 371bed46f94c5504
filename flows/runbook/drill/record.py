"""What stays of a drill: the proof beside the backup, and the page for people beside the proof."""

from importlib.metadata import version
from pathlib import Path, PurePosixPath
from shutil import copyfileobj

from redis_dr.tasks.catalog.catalog import add_proof
from redis_dr.tasks.drill.evidence import Signer, proof_of
from redis_dr.tasks.drill.page import render_page
from redis_dr.tasks.model.backup.manifest import Manifest
from redis_dr.tasks.model.backup.store_layout import PROOFS, backup_prefix, proof_name
from redis_dr.tasks.model.catalog.catalog import Catalog
from redis_dr.tasks.model.drill.drill_report import DrillReport
from redis_dr.tasks.model.drill.evidence import statement_of
from redis_dr.tasks.model.errors import UsageError
from redis_dr.tasks.model.settings.instance import Instance
from redis_dr.tasks.storage.opening import open_store


def record(
    instance: Instance,
    catalog: Catalog,
    drilled: tuple[Manifest, DrillReport],
    signer: Signer | None,
) -> DrillReport:
    """Store proof and page; the report with their names. Raises StoreError: then there is none."""
    manifest, report = drilled
    store = open_store(instance.store)
    name = proof_name("drill", report.started_at, ok=report.proven)
    page = str(PurePosixPath(name).with_suffix(".html"))
    data = proof_of(statement_of(report, manifest, version("redis-dr")), signer)
    whole = report.model_copy(update={"proof": name, "signed": signer is not None, "html": page})
    html = render_page(whole, manifest, catalog, instance).encode()
    # the page first: a proof on record is complete
    add_proof(store, instance.name, manifest.backup_id, page, html)
    add_proof(store, instance.name, manifest.backup_id, name, data)
    return whole


def write_page(instance: Instance, report: DrillReport, path: str) -> None:
    """A copy of the stored page on this machine. Raises UsageError when it cannot be written."""
    key = backup_prefix(instance.name, report.backup_id) + PROOFS + report.html
    try:
        with open_store(instance.store).open(key) as source, Path(path).open("wb") as sink:
            copyfileobj(source, sink)
    except OSError as error:
        raise UsageError(f"{path} cannot be written: {error.strerror}", "name another") from error
