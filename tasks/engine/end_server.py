"""End the server in a container whose first process is another one, before the engine stops it.

The engine sends its signal to process 1 only. A shell there does not hear it, or not before the
server has ended, and the engine kills all of it when its patience is over.
"""

from redis_dr.tasks.engine.client import engine
from redis_dr.tasks.engine.errors import engine_errors
from redis_dr.tasks.engine.exec import run_in
from redis_dr.tasks.model.errors import Unreachable

_DEAF_SECONDS = 1  # for a first process that does not listen to SIGTERM: a script's last lines
_HEARING_SECONDS = 10  # for one that does, once no server runs any more
_ANSWER_SECONDS = 30  # beyond the server's own patience

# $1: seconds. Prints first, when process 1 is the server; else gone or runs, and deaf or hears.
# 0x4000 in SigCgt: SIGTERM is caught.
_END = r"""
servers() {
  for process in /proc/[0-9]*; do
    case "$(cat "$process/comm" 2>/dev/null)" in
      redis-server|valkey-server|keydb-server)
        grep -q '^State:.[ZX]' "$process/status" 2>/dev/null || echo "${process#/proc/}" ;;
    esac
  done
}
case "$(cat /proc/1/comm)" in redis-server|valkey-server|keydb-server) echo first; exit 0 ;; esac
for server in $(servers); do kill -TERM "$server" 2>/dev/null || :; done
left=$(($1 * 10))
while [ -n "$(servers)" ] && [ "$left" -gt 0 ]; do sleep 0.1; left=$((left - 1)); done
[ -z "$(servers)" ] && echo gone || echo runs
caught=$(sed -n 's/^SigCgt:[^0-9a-f]*//p' /proc/1/status)
digit=$(printf %s "$caught" | sed 's/.*\(.\)...$/\1/')
case "$digit" in [4567cdef]) echo hears ;; *) echo deaf ;; esac
"""


def end_server(container: str, seconds: int) -> int:
    """End the server by SIGTERM where it is not process 1; it saves as its settings say.

    Returns how many seconds the engine's stop of the container then deserves.
    """
    with engine_errors(f"looking at container {container}"):
        inspected = engine().api.inspect_container(container)
    if not inspected["State"]["Running"] or inspected["HostConfig"].get("PidMode"):
        return seconds  # the processes of others can be seen in there
    try:
        limit = seconds + _ANSWER_SECONDS
        command = ["sh", "-c", _END, "redis-dr", str(seconds)]
        code, answer = run_in(inspected["Id"], command, seconds=limit)
    except Unreachable:
        return seconds  # the container ended with its server, or cannot be asked
    words = answer.split()
    if code != 0 or "gone" not in words:
        return seconds
    return min(seconds, _HEARING_SECONDS if "hears" in words else _DEAF_SECONDS)
