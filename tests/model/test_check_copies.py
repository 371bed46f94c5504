"""A store of copies against the store: up to date, proven, readable."""

import pytest

from redis_dr.tasks.model.backup.manifest import Manifest
from redis_dr.tasks.model.catalog.catalog import Catalog, Proof
from redis_dr.tasks.model.errors import Damaged, RedisDrError
from redis_dr.tasks.model.observe.check_copies import judge_copy
from tests.model.test_check_store import NOW, manifest

OLD, NEW = manifest(30), manifest(6)
PROOF = Proof(backup_id="", name="", kind="drill", ok=True, at=NOW)


def catalog(
    manifests: tuple[Manifest, ...] = (),
    proofs: dict[str, tuple[Proof, ...]] | None = None,
    unreadable: dict[str, RedisDrError] | None = None,
) -> Catalog:
    return Catalog("weka", "x", manifests, proofs or {}, unreadable=unreadable or {})


def source(*, proven: bool = True) -> Catalog:
    return catalog((NEW, OLD), {OLD.backup_id: (PROOF,)} if proven else None)


@pytest.mark.parametrize(
    ("copy", "proven", "word"),
    [
        (catalog((NEW, OLD)), True, ""),
        (catalog((NEW, OLD), {NEW.backup_id: (PROOF,)}), False, ""),
        (catalog((OLD,)), True, f"behind: {NEW.backup_id} is missing"),
        (catalog(), True, "it holds none"),
        (catalog((NEW, OLD)), False, "none of its backups is proven"),
        (catalog((NEW,)), True, "none of its backups is proven"),
        (
            catalog((NEW, OLD), {}, {"20261101T000000Z-000000": Damaged("torn", "look")}),
            True,
            "cannot be read",
        ),
    ],
)
def test_a_copy_is_good_only_when_it_could_stand_in(
    copy: Catalog, word: str, *, proven: bool
) -> None:
    """
    It holds the newest backup and a proven one, and all of it can be read; else it says what lacks.
    """
    finding = judge_copy("s3://copy", copy, source(proven=proven), NOW)
    assert finding.ok is not bool(word)
    assert word in str(finding.actual)


def test_a_backup_that_is_still_being_carried_is_not_missed() -> None:
    """
    One that was made a moment ago is copied at the end of its backup.
    """
    fresh = manifest(0.2)
    store = catalog((fresh, OLD), {OLD.backup_id: (PROOF,)})
    assert judge_copy("s3://copy", catalog((OLD,)), store, NOW).ok
