"""Whether an RDB file holds what its manifest says: counts and digests, database by database."""

from redis_dr.tasks.model.backup.inventory import DatabaseInventory, Inventory
from redis_dr.tasks.model.backup.manifest import Manifest
from redis_dr.tasks.model.report import Finding


def agrees(manifest: Manifest, inventory: Inventory) -> tuple[Finding, ...]:
    """One finding for the checksum, one for each database that either of them names."""
    findings = [
        Finding(
            check="checksum (CRC-64) written and right",
            ok=inventory.checksum is not None or not manifest.persistence.rdbchecksum,
            expected="present",
            actual="present" if inventory.checksum else "the server saved without (rdbchecksum no)",
        )
    ]
    for db in sorted({*manifest.databases, *inventory.databases}):
        expected, actual = manifest.databases.get(db), inventory.databases.get(db)
        findings.append(
            Finding(
                check=f"DB {db} is what the manifest says",
                ok=expected is not None and actual is not None and _same(expected, actual),
                expected=expected and _told(expected),
                actual=actual and _told(actual),
            )
        )
    return tuple(findings)


def _same(expected: DatabaseInventory, actual: DatabaseInventory) -> bool:
    counts = (expected.keys, expected.expires) == (actual.keys, actual.expires)
    # a digest that was not asked for says nothing
    known = expected.digest is not None and actual.digest is not None
    return counts and (not known or expected.digest == actual.digest)


def _told(database: DatabaseInventory) -> str:
    return f"{database.keys} keys, {database.expires} with expiry, digest {database.digest}"
