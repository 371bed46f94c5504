"""Data that a restore replaced: it stays on the volume for a while."""

from dataclasses import dataclass

from redis_dr.tasks.engine.helper import Helper

# id, age in seconds, KiB; a folder without `old` is debris of a dead operation
_LIST = """
[ -d "$1" ] || exit 0
cd "$1"
for home in */; do
  home=${home%/}
  if [ -d "$home/old" ]; then
    echo "$home $(( $(date +%s) - $(stat -c %Y "$home/old") )) $(du -sk "$home/old" | cut -f1)"
  elif [ -d "$home" ]; then echo "$home -1 0"; fi
done
"""


@dataclass(frozen=True, slots=True)
class ReplacedData:
    """The replaced data of one restore."""

    operation_id: str
    age_seconds: int
    bytes: int


def list_replaced(helper: Helper, folder: str) -> tuple[ReplacedData, ...]:
    """What lies there, newest first."""
    found = [line.split() for line in helper.run(_LIST, folder).splitlines()]
    kept = [
        ReplacedData(name, int(age), int(size) * 1024) for name, age, size in found if int(age) >= 0
    ]
    return tuple(sorted(kept, key=lambda one: one.age_seconds))


def remove_replaced(helper: Helper, folder: str, ids: tuple[str, ...]) -> None:
    """Remove the replaced data of these operations."""
    for one in ids:
        helper.run('rm -rf "$1/$2"', folder, one)


def sweep_replaced(helper: Helper, folder: str, hours: float) -> tuple[str, ...]:
    """Remove what is older, and the debris of dead operations; returns the ids removed.

    Only while no journal is there: what a journal speaks of is not debris.
    """
    removed = []
    for line in helper.run(_LIST, folder).splitlines():
        name, age, _ = line.split()
        if name != helper.holder.id and (int(age) < 0 or int(age) > hours * 3600):
            helper.run('rm -rf "$1/$2"', folder, name)
            removed.append(name)
    return tuple(removed)
