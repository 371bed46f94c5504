"""What precedes every script in the helper: a sign of life, one at a time, in their order."""

from redis_dr.tasks.engine.exec import ALIVE

# a script that says nothing for so long is one whose engine, or the way to it, is dead: seconds
SILENCE_SECONDS = 30
_TICK_SECONDS = 5
TOO_LATE = 75  # exit code of a script whose successor has been here already

# Copying and flushing say nothing for long. The nap has no hold of the script's output: an exec
# ends when everybody has let go of it.
_ALIVE = rf"""
( nap=; trap 'kill "$nap" 2>/dev/null; exit 0' TERM
  while kill -0 $$ 2>/dev/null; do
    sleep {_TICK_SECONDS} >/dev/null 2>&1 & nap=$!
    wait "$nap" || :
    printf '\{ord(ALIVE):03o}' >&2
  done ) >/dev/null &
alive=$!
trap 'kill "$alive" 2>/dev/null || :' EXIT
"""
# A script whose answer was lost may still run: the next one, which may undo it, waits for its end.
_ALONE = """
while ! mkdir /.redis-dr-script 2>/dev/null; do
  before=$(cat /.redis-dr-script/pid 2>/dev/null || echo $$)
  if kill -0 "$before" 2>/dev/null; then sleep 1; else rm -rf /.redis-dr-script; fi
done
echo $$ > /.redis-dr-script/pid
trap 'kill "$alive" 2>/dev/null || :; rm -rf /.redis-dr-script' EXIT
"""
# And one that was held up on its way must not begin once its successor has been here: a swap that
# came after its undo would set aside what the server is serving.
_IN_TURN = f"""
last=$(cat /.redis-dr-turn 2>/dev/null || echo 0)
if [ "$last" -ge "$turn" ]; then echo "held up on its way, and not run"; exit {TOO_LATE}; fi
echo "$turn" > /.redis-dr-turn
"""


def guarded(script: str, turn: int) -> str:
    """The script for `sh -euc`; `turn` is higher for each script of one owner."""
    return f"turn={turn}\n{_ALIVE}{_ALONE}{_IN_TURN}{script}"
