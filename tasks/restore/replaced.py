"""Data that a restore replaced or took away: it stays on the volume for a while."""

import contextlib
from dataclasses import dataclass

from redis_dr.tasks.engine.helper import Helper
from redis_dr.tasks.model.errors import RedisDrError
from redis_dr.tasks.model.server.volume import Layout

# id, name, age in seconds, KiB; a folder without data is debris of a dead operation
_LIST = """
[ -d "$1" ] || exit 0
cd "$1"
for home in */; do
  home=${home%/}; kept=
  for data in "$home/old" "$home/taken" "$home"/taken-*; do
    if [ -d "$data" ] && [ -n "$(ls -A "$data")" ]; then
      kept=yes; age=$(( $(date +%s) - $(stat -c %Y -- "$data") ))
      echo "$home ${data##*/} $age $(du -sk -- "$data" | cut -f1)"
    fi
  done
  if [ -z "$kept" ] && [ -d "$home" ]; then echo "$home - -1 0"; fi
done
"""


@dataclass(frozen=True, slots=True)
class ReplacedData:
    """Data that a restore replaced (`old`), or took away after clients wrote to it (`taken`)."""

    operation_id: str
    name: str
    age_seconds: int
    bytes: int


def list_replaced(helper: Helper, folder: str) -> tuple[ReplacedData, ...]:
    """What lies there, newest first."""
    kept = [data for data in _listed(helper, folder) if data.age_seconds >= 0]
    return tuple(sorted(kept, key=lambda data: data.age_seconds))


def _listed(helper: Helper, folder: str) -> list[ReplacedData]:
    lines = [line.rsplit(" ", 3) for line in helper.run(_LIST, folder).splitlines()]
    return [ReplacedData(home, name, int(age), int(kib) * 1024) for home, name, age, kib in lines]


def remove_replaced(helper: Helper, folder: str, ids: tuple[str, ...]) -> None:
    """Remove the replaced data of these operations."""
    for name in ids:
        helper.run('rm -rf "$1/$2"', folder, name)


def sweep_replaced(helper: Helper, folder: str, hours: float) -> tuple[str, ...]:
    """Remove what is older, and the debris of dead operations; returns the ids removed.

    Only while no journal is there: what a journal speaks of is not debris.
    """
    ages: dict[str, int] = {}
    for data in _listed(helper, folder):
        ages[data.operation_id] = min(data.age_seconds, ages.get(data.operation_id, 2**62))
    gone = tuple(
        name
        for name, age in ages.items()
        if name != helper.holder.id and (age < 0 or age > hours * 3600)
    )
    remove_replaced(helper, folder, gone)
    return gone


def remove_empty_folders(helper: Helper, layout: Layout) -> None:
    """Leave nothing of ours in the data directory where nothing is kept.

    A file that is not Redis's keeps the entrypoint of an image from setting owners right.
    """
    # nothing depends on it: the next operation removes what stays
    with contextlib.suppress(RedisDrError):
        helper.run('rmdir "$1"/* "$1" "$2" 2>/dev/null || :', layout.home, layout.folder)
