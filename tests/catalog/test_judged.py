"""The catalog as every verb sees it: judged by one decision, with the key that is configured."""

import re
from datetime import timedelta
from pathlib import Path

import pytest

from redis_dr.flows.runbook.catalog.list import accept_backup, list_backups
from redis_dr.tasks.catalog.catalog import add_proof, load_catalog
from redis_dr.tasks.catalog.judged import open_catalog
from redis_dr.tasks.model.backup.store_layout import proof_name
from redis_dr.tasks.model.catalog.choosing import choose
from redis_dr.tasks.model.errors import UsageError
from redis_dr.tasks.model.settings.instance import Instance
from redis_dr.tasks.storage.base.protocol import ObjectStore
from tests.support.backups import NAME, NOON, days_ago, store_backup

ROOT = Path(__file__).parents[2]


def test_no_verb_goes_by_the_raw_listing() -> None:
    """It knows no key and no configuration; only the judged catalog decides about a backup."""
    sources = [*(ROOT / "flows").rglob("*.py"), *(ROOT / "src/redis_dr/api").rglob("*.py")]
    assert len(sources) > 50
    raw = [path.name for path in sources if re.search(r"\bload_catalog\b", path.read_text())]
    assert raw == []


def test_an_acceptance_is_kept_beside_the_backup(weka: Instance, store: ObjectStore) -> None:
    """Who, when and why; the manifest stays; the object is nothing strange; twice is fine."""
    odd = store_backup(weka.store, suspicious=("fell",))
    with pytest.raises(UsageError):
        choose(open_catalog(weka), "latest")
    report = accept_backup(weka, odd.backup_id[:-2], " meant ")
    again = accept_backup(weka, odd.backup_id, "another reason")

    assert (report.ok, report.reason, report.overruled) == (True, "meant", ("fell",))
    assert (again.reason, again.overruled) == ("meant", ())
    assert "@" in report.by
    catalog = open_catalog(weka)
    assert choose(catalog, "latest") == odd
    assert catalog.manifests == (odd,)
    assert list_backups(weka).strange == ()
    assert list_backups(weka).backups[0].accepted.startswith("meant (")


@pytest.mark.parametrize(
    ("which", "reason"),
    [("latest", "x"), ("latest-proven", "x"), ("random", "x"), ("", "x"), ("2", " "), ("9", "x")],
)
def test_what_cannot_be_accepted_is_wrong_usage(weka: Instance, which: str, reason: str) -> None:
    """A word instead of an ID, no reason, an ID that is not there, a safety backup."""
    store_backup(weka.store, suspicious=("fell",))
    with pytest.raises(UsageError):
        accept_backup(weka, which, reason)
    safety = store_backup(weka.store, days_ago(1), operation="restore")
    with pytest.raises(UsageError, match="what a restore replaced"):
        accept_backup(weka, safety.backup_id, "x")
    assert open_catalog(weka).accepted == {}


def test_a_backup_is_named_by_the_beginning_of_its_id(weka: Instance) -> None:
    """As long as it fits one; otherwise the text names those that it fits."""
    one, two = (store_backup(weka.store, days_ago(days)) for days in (1, 2))
    catalog = open_catalog(weka)

    assert choose(catalog, one.backup_id[:-3]) == one
    assert choose(catalog, two.backup_id[:8]) == two
    with pytest.raises(UsageError, match="beginning of 2 backups") as caught:
        choose(catalog, "2026")
    assert one.backup_id in str(caught.value)
    with pytest.raises(UsageError, match="no backup ''"):
        choose(catalog, "")


def test_without_a_readable_key_nothing_is_proven_and_a_restore_still_finds_its_backup(
    weka: Instance, store: ObjectStore, tmp_path: Path
) -> None:
    """The configured key is lost: every proof carries the doubt, `latest` works."""
    made = store_backup(weka.store)
    name = proof_name("drill", NOON + timedelta(hours=1), ok=True)
    add_proof(store, NAME, made.backup_id, name, b"{}")
    drill = weka.drill.model_copy(update={"public_key_file": str(tmp_path / "lost.pub")})
    keyed = weka.model_copy(update={"drill": drill})

    assert load_catalog(store, NAME).proven == (made,)
    assert open_catalog(weka).proven == (made,)
    assert open_catalog(keyed).proven == ()
    assert "lost.pub" in open_catalog(keyed).proof_state(made.backup_id).why
    assert choose(open_catalog(keyed), "latest") == made
