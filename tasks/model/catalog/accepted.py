"""A person's statement that a fall of the content was meant: the backup counts as usual again."""

import json
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Self


@dataclass(frozen=True, slots=True)
class Acceptance:
    """Who accepted a backup's content, when and why. It lies beside the manifest."""

    at: datetime  # UTC
    by: str  # user@host
    reason: str

    def to_json(self) -> bytes:
        """The form in the store."""
        return json.dumps({**asdict(self), "at": self.at.isoformat()}, indent=1).encode() + b"\n"

    @classmethod
    def from_json(cls, data: bytes) -> Self | None:
        """None for what is none: then nobody accepted anything."""
        try:
            fields = json.loads(data)
            at = datetime.fromisoformat(fields["at"])
            by, reason = str(fields["by"]), str(fields["reason"])
        except (ValueError, TypeError, KeyError):
            return None
        return cls(at, by, reason) if at.tzinfo else None
