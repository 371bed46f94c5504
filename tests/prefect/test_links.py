"""From one page to the other: nobody has to look for a backup's proof, or for what came back."""

import contextvars
import re
import threading
from typing import Any

import pytest
from prefect.settings import PREFECT_API_URL, temporary_settings

from redis_dr.flows.backup import backup
from redis_dr.flows.drill import drill
from redis_dr.flows.nightly import nightly
from redis_dr.flows.orchestration.names import page_under
from redis_dr.flows.restore import restore
from tests.support.installation import NAME, Installation
from tests.support.prefect_server import PrefectServer
from tests.support.restore_deaths import consent, newest_restore
from tests.support.waiting import wait_until

LINK = re.compile(r"\[[^\]]+\]\(/artifacts/(artifact|key)/([^)]+)\)")


def led_to(server: PrefectServer, page: Any) -> dict[str, set[str]]:
    """The keys that a page's links lead to, and the ids of the artifacts that were found there."""
    found: dict[str, set[str]] = {}
    with server.client() as client:
        for kind, name in LINK.findall(page.data):
            where = "/artifacts/{id}" if kind == "artifact" else "/artifacts/{id}/latest"
            said = client.request("GET", where, path_params={"id": name}).json()
            found.setdefault(said["key"], set()).add(said["id"])
    return found


def bring_back(server: PrefectServer) -> None:
    """A whole restore, the typed name included."""
    # which server it is stands in the context
    here = contextvars.copy_context()
    run = threading.Thread(
        target=lambda: here.run(restore, NAME, warm=False, return_state=True), daemon=True
    )
    run.start()
    consent(server, wait_until(lambda: newest_restore(server), 60, "the run is there"))
    run.join()


def test_backup_proof_restore_and_catalog_lead_to_each_other(
    here: Installation, prefect_here: PrefectServer
) -> None:
    """
    The restore's page and its plan lead to the very backup and its proof, the proof to the
    backup, the catalog to both, and every page to the catalog; each link leads to a page.
    """
    backup(return_state=True)
    drill(return_state=True)
    bring_back(prefect_here)

    newest = {
        verb: prefect_here.artifacts(f"{verb}-{NAME}")[-1]
        for verb in ("backup", "drill", "plan", "restore", "catalog")
    }
    made, proof = str(newest["backup"].id), str(newest["drill"].id)
    for verb in ("plan", "restore", "catalog"):
        leads = led_to(prefect_here, newest[verb])
        assert made in leads[f"backup-{NAME}"], verb
        assert proof in leads[f"drill-{NAME}"], verb
    assert led_to(prefect_here, newest["drill"])[f"backup-{NAME}"] == {made}
    for verb in ("backup", "drill", "plan", "restore"):
        assert led_to(prefect_here, newest[verb])[f"catalog-{NAME}"]


def test_a_nights_page_is_the_page_of_its_backup_and_of_its_proof(
    here: Installation, prefect_here: PrefectServer
) -> None:
    """
    The catalog leads there from the backup's name and from the time of its proof.
    """
    nightly(return_state=True)

    night = prefect_here.artifacts(f"nightly-{NAME}")[-1]
    catalog = prefect_here.artifacts(f"catalog-{NAME}")[-1]
    assert catalog.data.count(f"(/artifacts/artifact/{night.id})") == 2


@pytest.mark.parametrize(
    ("api", "path"),
    [("http://host:4200/api", "/artifacts/key/x"), ("http://h/pre/api", "/pre/artifacts/key/x")],
)
def test_links_hold_on_whatever_host_the_pages_are_opened(api: str, path: str) -> None:
    """
    They name no host, and keep the path under which a proxy shows the UI.
    """
    with temporary_settings({PREFECT_API_URL: api}):
        assert page_under("key/x") == path
