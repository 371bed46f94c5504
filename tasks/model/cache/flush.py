"""May this be flushed, and what must come first? Pure decisions."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from redis_dr.tasks.model.cache.invalidation import Removal
from redis_dr.tasks.model.errors import Refused, UsageError
from redis_dr.tasks.model.report import Report
from redis_dr.tasks.model.settings.instance import Instance


@dataclass(frozen=True, slots=True, kw_only=True)
class FlushRequest:
    """What was asked for: one database, the keys of a pattern in one, or everything."""

    db: int = 0
    pattern: str | None = None
    everything: bool = False
    confirm: str | None = None  # the instance's name, typed by a person
    yes_all_databases: bool = False

    @property
    def what(self) -> str:
        """For sentences."""
        if self.everything:
            return "all databases"
        return f"database {self.db}" if self.pattern is None else f"{self.pattern} in DB {self.db}"


@dataclass(frozen=True, slots=True)
class FlushPlan:
    """What the policy demands before the flush."""

    confirmation: bool
    backup: bool  # a fresh proven one must exist, or be taken
    reason: str


def plan_flush(request: FlushRequest, instance: Instance, in_use: Iterable[int]) -> FlushPlan:
    """The strictest policy of the databases concerned. `in_use`: those that hold keys.

    Raises Refused where a policy is "never", UsageError for a request that contradicts itself.
    """
    if request.everything and request.pattern is not None:
        raise UsageError("--all and --pattern exclude each other", "give one of them")
    concerned = sorted({*in_use, *instance.databases}) if request.everything else [request.db]
    policies = {db: instance.database(db).flush for db in concerned}
    for db, policy in policies.items():
        if policy == "never":
            raise Refused(
                f"database {db} of {instance.name} is never flushed: its policy says so",
                f'change [databases.{db}] flush = "never", if that is what you want',
            )
    if request.everything:
        return FlushPlan(confirmation=True, backup=True, reason="all databases at once")
    policy, purpose = policies[request.db], instance.database(request.db).purpose
    return FlushPlan(
        confirmation=policy != "free",
        backup=policy == "after-backup",
        reason=f"DB {request.db}{f' ({purpose})' if purpose else ''} has the policy {policy}",
    )


def require_confirmation(
    request: FlushRequest, plan: FlushPlan, instance: Instance, facts: str
) -> None:
    """Raises Refused while the right words are missing. `facts` says what would be lost."""
    if not plan.confirmation:
        return
    if request.confirm is None:
        words = f"--confirm {instance.name}"
        words += " --yes-all-databases" if request.everything else ""
        backup = " A proven backup is made first if there is no fresh one." if plan.backup else ""
        raise Refused(
            f"flushing {request.what} of {instance.name} needs a confirmation: {plan.reason}; "
            f"{facts}",
            f"add {words}.{backup}",
        )
    if request.confirm != instance.name:
        raise Refused(
            f"the confirmation names {request.confirm!r}, the instance is {instance.name!r}",
            f"add --confirm {instance.name}, if that is the one you mean",
        )
    if request.everything and not request.yes_all_databases:
        raise Refused(
            f"--all removes every database of {instance.name}; {facts}",
            "add --yes-all-databases, or flush one by --db N",
        )


def is_fresh(created_at: datetime, now: datetime, instance: Instance) -> bool:
    """Whether a backup is young enough for [flush] backup_max_age_hours."""
    return now - created_at <= timedelta(hours=instance.flush.backup_max_age_hours)


class FlushReport(Report):
    """The report of `flush`."""

    what: str  # in words
    keys_before: int = 0  # counted before the flush
    keys_after: int = 0  # counted after it
    removed: int = 0  # keys that were removed
    sample: tuple[str, ...] = ()  # some of the keys
    policy: str = ""  # the policy that held, in words
    backup_id: str | None = None  # the proven backup that stands behind it, if one had to
    backup_taken: bool = False  # it was made for this flush
    notes: tuple[str, ...] = ()  # what else a person should know


def counts_of(removal: Removal) -> str:
    """For people, before the removal."""
    text = f"{removal.matched:,} keys match {removal.pattern}"
    return text + (f", for example {', '.join(removal.sample)}" if removal.sample else "")
