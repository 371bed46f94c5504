"""A person's statement that a fall of the content was meant: the backup counts as usual again."""

import json
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Self

from redis_dr.tasks.model.document import NOTE_BOUNDS, parse_document, parse_moment
from redis_dr.tasks.model.errors import Damaged


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
    def from_json(cls, data: bytes, where: str) -> Self:
        """Read the stored form. Raises Damaged for anything else: then nobody accepted anything."""
        fields = parse_document(data, where, NOTE_BOUNDS)
        by, reason = fields.get("by"), fields.get("reason")
        try:
            at = parse_moment(fields.get("at"))
        except ValueError as error:
            raise Damaged(f"{where} is not an acceptance: {error}", "accept it again") from error
        if not isinstance(by, str) or not isinstance(reason, str):
            raise Damaged(f"{where} is not an acceptance: no person or reason", "accept it again")
        return cls(at, by, reason)
