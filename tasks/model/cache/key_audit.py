"""Do the keys keep what the configured patterns promise? Counting and judging, pure."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from redis_dr.tasks.model.cache.invalidation import printable
from redis_dr.tasks.model.report import Finding, Report
from redis_dr.tasks.model.settings.keys import KeyRule, first_match

_TOLERANCE_MS = 1000  # a TTL is read a moment after it was set, never before
_EXAMPLES = 5
PERSISTENT = -1  # PTTL of a key without expiry
GONE = -2  # PTTL of a key that is not there any more


@dataclass(slots=True)
class RuleTally:
    """The sampled keys of one rule."""

    keys: int = 0
    without_ttl: int = 0
    too_long: int = 0
    longest_ms: int = 0
    examples: list[str] = field(default_factory=list)  # of the bad ones


@dataclass(slots=True)
class Audit:
    """The sample so far. It grows with the number of rules, not of keys."""

    rules: Sequence[KeyRule]
    sampled: int = 0
    tallies: dict[int, RuleTally] = field(default_factory=dict)  # by the rule's place
    unknown: int = 0
    strangers: list[str] = field(default_factory=list)

    def add(self, db: int, key: bytes, ttl_ms: int) -> None:
        """Count one key; `ttl_ms` as PTTL answers it."""
        if ttl_ms == GONE:
            return
        self.sampled += 1
        rule = first_match(self.rules, db, key)
        if rule is None:
            self.unknown += 1
            if len(self.strangers) < _EXAMPLES:
                self.strangers.append(f"DB {db} {printable(key)}")
            return
        tally = self.tallies.setdefault(self.rules.index(rule), RuleTally())
        tally.keys += 1
        tally.longest_ms = max(tally.longest_ms, ttl_ms)
        if rule.ttl is None:
            return
        missing, long = ttl_ms == PERSISTENT, ttl_ms > rule.ttl * 1000 + _TOLERANCE_MS
        tally.without_ttl += missing
        tally.too_long += long
        if (missing or long) and len(tally.examples) < _EXAMPLES:
            tally.examples.append(printable(key))


def judge_audit(
    audit: Audit, in_use: Sequence[int], configured: Sequence[int]
) -> tuple[Finding, ...]:
    """Findings: reserved databases, keys that nobody announced, and each rule's promise."""
    reserved = sorted(set(in_use) - set(configured))
    findings = [
        Finding(
            check="only configured databases are in use",
            ok=not reserved,
            expected=sorted(configured),
            actual=sorted(in_use),
            detail=f"reserved, and in use: {reserved}" if reserved else "",
        ),
        Finding(
            check="every key matches a pattern",
            ok=audit.unknown == 0,
            expected=0,
            actual=audit.unknown,
            detail=", ".join(audit.strangers),
        ),
    ]
    return (*findings, *(_rule(rule, audit.tallies.get(i)) for i, rule in enumerate(audit.rules)))


def _rule(rule: KeyRule, tally: RuleTally | None) -> Finding:
    promise = "no expiry" if rule.ttl is None else f"at most {rule.ttl} s"
    check = f"DB {rule.db} {rule.pattern}"
    if tally is None:
        return Finding(check=check, ok=True, expected=promise, actual="no key in the sample")
    bad = tally.without_ttl + tally.too_long
    counts = f"{tally.keys} keys"
    if rule.ttl is not None:
        counts += f", {tally.without_ttl} without expiry, {tally.too_long} live too long"
    return Finding(
        check=check, ok=bad == 0, expected=promise, actual=counts, detail=", ".join(tally.examples)
    )


class KeyAuditReport(Report):
    """The report of `keys audit`."""

    sampled: int  # keys that were read
    unknown: int  # sampled keys that no pattern matches
    keys: dict[int, int]  # by database, as INFO counts them
