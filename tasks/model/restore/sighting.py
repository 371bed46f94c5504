"""What is served at this moment: every sentence about it rests on one look."""

from collections.abc import Mapping
from dataclasses import dataclass

from redis_dr.tasks.model.report import Finding
from redis_dr.tasks.model.server.server_info import ServerInfo


@dataclass(frozen=True, slots=True)
class Sighting:
    """The container and the server at the url, at one moment."""

    container: str  # its name
    status: str  # of the container
    started_at: str  # of the container
    info: ServerInfo | None = None  # None: nothing answers at the url; `silent` says why
    silent: str = ""
    inside: str = ""  # run_id of the server in the container; "": it could not be asked

    @property
    def keys(self) -> dict[int, int]:
        """Keys of each database."""
        return {db: space.keys for db, space in self.info.keyspace.items()} if self.info else {}

    @property
    def unclear(self) -> str:
        """Why nothing can be said of what is served; "" when the container's server was seen."""
        if self.status != "running":
            return f"{self.container} is {self.status}"
        if self.info is None:
            return f"{self.container} runs, and its server does not answer: {self.silent}"
        if self.inside and self.inside != self.info.run_id:
            return (
                f"the server that answers at the url ({self.info.run_id[:8]}) is not the one in "
                f"{self.container} ({self.inside[:8]})"
            )
        return f"{self.container} is loading its data" if self.info.loading else ""

    def text(self, data: str) -> str:
        """For example "the old data: 53 keys in weka-redis"; `data` says whose files they are."""
        if self.unclear:
            return f"unknown: {self.unclear}"
        where = self.container if self.inside else "the server at the url"
        return f"{data}: {sum(self.keys.values()):,} keys in {where}"


def judge_old_data(seen: Sighting, keys: Mapping[int, int]) -> Finding:
    """Whether the old data is served after a roll-back; `keys` are those before the restore."""
    empty = bool(sum(keys.values())) and not sum(seen.keys.values())
    return Finding(
        check="the old data is served",
        ok=not seen.unclear and not empty,
        expected=dict(keys),
        actual=f"unknown: {seen.unclear}" if seen.unclear else seen.keys,
        detail="" if seen.inside else f"seen at the url; {seen.container} could not be asked",
    )


def judge_still_there(first: Sighting, last: Sighting, counted: Mapping[int, int]) -> Finding:
    """At the end of a proof: the server that was compared is the one that serves now.

    `counted` are the keys at the end of the comparison.
    """
    wrong = last.unclear or first.unclear or _differs(first, last) or _fewer(last, counted)
    return Finding(
        check="the server that was compared serves now, as it was counted",
        ok=not wrong,
        expected="the same server, still a master, nothing loaded since",
        actual=wrong or f"{sum(last.keys.values()):,} keys",
    )


def _differs(first: Sighting, last: Sighting) -> str:
    before, now = first.info, last.info
    if before is None or now is None:
        return "it does not answer"
    if (first.started_at, before.run_id) != (last.started_at, now.run_id):
        return "the server was started again"
    if now.role != "master":
        return f"its role is {now.role}: its data comes from another server"
    if (before.master_replid, before.loaded_keys) != (now.master_replid, now.loaded_keys):
        return "it loaded other data since: a synchronisation with another server"
    return ""


def _fewer(last: Sighting, counted: Mapping[int, int]) -> str:
    """Keys that are gone although nothing expired, was evicted or was written."""
    info = last.info
    if info is None or info.expired_keys or info.evicted_keys:
        return ""
    if info.rdb_changes_since_last_save or info.rdb_saves:
        return ""
    gone = {db: keys for db, keys in counted.items() if info.keys_in(db) < keys}
    return f"it holds fewer keys than were counted: {gone}" if gone else ""
