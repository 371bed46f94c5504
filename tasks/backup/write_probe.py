"""Can the server write to its data directory? Tried in its container as its own user."""

from redis_dr.tasks.engine.exec import run_in
from redis_dr.tasks.model.backup.backup_gates import WriteProbe
from redis_dr.tasks.model.errors import RedisDrError
from redis_dr.tasks.model.server.survey import Survey
from redis_dr.tasks.step import step

_SECONDS = 30

# PID 1 may be another process; who runs the server is what the kernel says of its process
_IDS = """
while read -r name _ id _; do
  case $name in Uid:) uid=$id;; Gid:) gid=$id;; esac
done < "/proc/$1/status"
groups=$(sed -n 's/^Groups:[[:space:]]*//p' "/proc/$1/status")
echo "$uid" "$gid" $groups
"""
_WRITE = '( umask 077; : > "$1/.redis-dr-probe.$$" ) && rm -f "$1/.redis-dr-probe.$$"'


@step
def write_probe(found: Survey) -> WriteProbe | None:
    """Create and remove a file as the server does; None when that cannot be tried.

    In the server's own container: its mounts, its capabilities. With each of its groups in turn,
    because a program that is run there gets one.
    """
    if found.info is None or found.persistence is None:
        return None
    try:
        code, text = _run(found, "0", _IDS, str(found.info.process_id))
        ids = text.split()
        if code != 0 or len(ids) < 2 or not all(number.isdigit() for number in ids):
            return None
        uid, groups = ids[0], dict.fromkeys(ids[1:])
        for group in groups:
            code, text = _run(found, f"{uid}:{group}", _WRITE, found.persistence.dir)
            if code == 0:
                return WriteProbe(int(uid))
    except RedisDrError:  # no shell in the image, or the engine does not run programs now
        return None
    return WriteProbe(int(uid), text.strip() or f"exit code {code}")


def _run(found: Survey, user: str, script: str, *arguments: str) -> tuple[int, str]:
    command = ["sh", "-c", script, "redis-dr", *arguments]
    return run_in(found.container.id, command, user, _SECONDS)
