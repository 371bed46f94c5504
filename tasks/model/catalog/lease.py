"""A lease on a backup: an object in the store that says who reads it, and until when."""

import json
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Lease:
    """While it runs, prune leaves the backup alone."""

    backup_id: str
    until: datetime  # UTC

    def to_json(self) -> bytes:
        """The form in the store."""
        fields = {"backup_id": self.backup_id, "until": self.until.isoformat()}
        return json.dumps(fields).encode()


def read_lease(data: bytes) -> Lease | None:
    """The lease, or None for what is none: it names no backup that it could protect."""
    try:
        fields = json.loads(data)
        until = datetime.fromisoformat(fields["until"])
        backup_id = str(fields["backup_id"])
    except (ValueError, TypeError, KeyError):
        return None
    return Lease(backup_id, until) if until.tzinfo else None
