"""What a restore loses: counted, and in words for the person who decides."""

from collections.abc import Mapping

from pydantic import BaseModel, ConfigDict, Field


class LostKeys(BaseModel):
    """Keys of one pattern that the backup holds and the restored server will not hold."""

    model_config = ConfigDict(frozen=True, hide_input_in_errors=True, extra="forbid")

    keys: int = Field(description="How many.")
    durable: int = Field(description="Of those, without an expiry: only a policy takes them away.")
    reason: str = Field(description="Which policy, or that their time had passed.")


Lost = dict[int, dict[str, LostKeys]]  # by database and pattern; "*": keys of no pattern


def not_in_backup(now: Mapping[int, int], backup: Mapping[int, int]) -> dict[int, int]:
    """How many keys of each database are at least missing in the backup: the difference."""
    missing = {db: keys - backup.get(db, 0) for db, keys in now.items()}
    return {db: keys for db, keys in sorted(missing.items()) if keys > 0}


def loss_summary(lost: Lost) -> str:
    """The sums in one sentence."""
    counts = [one for patterns in lost.values() for one in patterns.values()]
    keys, durable = sum(one.keys for one in counts), sum(one.durable for one in counts)
    if not keys:
        return "nothing, every key of the backup comes back"
    plain = f"{keys:,} keys of the backup do not come back"
    return f"{plain}, **{durable:,} of them have no expiry**" if durable else plain


def loss_lines(lost: Lost) -> list[str]:
    """One line for each pattern; keys without an expiry come first, and in bold."""
    found = [(db, pattern, one) for db, each in lost.items() for pattern, one in each.items()]
    found.sort(key=lambda each: (-each[2].durable, each[0], -each[2].keys, each[1]))
    return [_line(db, pattern, one) for db, pattern, one in found if one.keys]


def _line(db: int, pattern: str, one: LostKeys) -> str:
    name = f"DB {db} `{pattern}`"
    if not one.durable:
        return f"{name}: {one.keys:,} keys, all with an expiry ({one.reason})"
    return f"**{name}: {one.keys:,} keys, {one.durable:,} without an expiry** ({one.reason})"


def missing_lines(
    now: Mapping[int, int], backup: Mapping[int, int], missing: Mapping[int, int]
) -> list[str]:
    """What the server holds and the backup does not."""
    return [
        f"DB {db}: {now.get(db, 0):,} keys now, {backup.get(db, 0):,} in the backup: "
        f"at least {keys:,} keys of the server are not in the backup"
        for db, keys in missing.items()
    ]
