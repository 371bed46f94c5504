"""What a proof states: an in-toto Statement v1 about the stored files of one backup. Pure."""

from typing import Any, Final

from redis_dr.tasks.model.backup.manifest import Manifest
from redis_dr.tasks.model.drill.drill_report import DrillLine, DrillReport
from redis_dr.tasks.model.restore.restore_report import LateReport, RestoreReport

STATEMENT: Final = "https://in-toto.io/Statement/v1"
_LEFT_OUT: Final = {"trend", "proof", "html", "signed", "swept"}  # of the report, not of the backup


def predicate_type(command: str) -> str:
    """Of the proof that this command writes: "drill" or "restore"."""
    return f"urn:redis-dr:{command}:v1"


def statement_of(
    report: DrillReport | RestoreReport | LateReport, manifest: Manifest, release: str
) -> dict[str, Any]:
    """Subjects are the files as they lie in the store; the predicate is every check and time."""
    return {
        "_type": STATEMENT,
        "subject": [
            {"name": file.stored_name, "digest": {"sha256": file.stored_sha256}}
            for file in manifest.files
        ],
        "predicateType": predicate_type(report.command),
        "predicate": {
            "release": release,
            "backup": {
                "created_at": manifest.created_at.isoformat(),
                "server_name": manifest.server_name,
                "redis_version": manifest.redis_version,
                "rdb_version": manifest.rdb_version,
                "image": manifest.image,
                "image_id": manifest.image_id,
                "persistence": manifest.persistence.model_dump(mode="json"),
                "databases": {
                    str(db): {
                        "keys": database.keys,
                        "expires": database.expires,
                        "digest": database.digest,
                    }
                    for db, database in manifest.databases.items()
                },
            },
            "report": report.model_dump(mode="json", exclude=_LEFT_OUT),
        },
    }


def line_of(statement: dict[str, Any]) -> DrillLine:
    """One line of the trend. Raises KeyError, TypeError and ValueError for other statements."""
    report = statement["predicate"]["report"]
    return DrillLine(
        at=report["started_at"],
        backup_id=report["backup_id"],
        ok=report["proven"],
        rto_seconds=report["rto_seconds"],
        rpo_seconds=report["rpo_seconds"],
        keys=sum(one["placed"] for one in report["databases"].values()),
        size=report["size"],
        timings=report["timings"],
    )
