"""The helper container of an instance: its lock, lease and fence, and the way to its volume.

Its name is the lock. Its loop ends when the owner's heartbeat ends. Removing it kills every script
that a dead owner still runs inside, and each later call of that owner gets a 404 (DESIGN.md).
"""

import contextlib
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from typing import Any, BinaryIO

from redis_dr.tasks.engine.client import engine
from redis_dr.tasks.engine.confinement import FILE_RIGHTS, confined
from redis_dr.tasks.engine.errors import NoSuchContainer, NotPossibleNow, engine_errors
from redis_dr.tasks.engine.exec import ScriptFailed, open_in_container, run_in, write_to_container
from redis_dr.tasks.engine.files import Owner
from redis_dr.tasks.engine.guard import SILENCE_SECONDS, guarded
from redis_dr.tasks.engine.heartbeat import BEAT_FILE, Heartbeat
from redis_dr.tasks.engine.neighbours import helpers_on_data
from redis_dr.tasks.engine.shell import Script, Shell, ShellEnded
from redis_dr.tasks.model.errors import Fenced, Refused, Unreachable
from redis_dr.tasks.model.server.container import ContainerState
from redis_dr.tasks.model.server.holder import Holder

__all__ = ["Helper", "ScriptFailed", "helper_name", "hold", "holder_of"]

IDLE_FILE = "/.redis-dr-idle"
_KILLED = {137, 143}  # exit codes of a script whose container was taken away under it
_ATTEMPTS = 50  # at a name that is just being freed
_PAUSE_SECONDS = 0.1  # between them
_STARTED_WITHIN_SECONDS = 5  # an owner starts its helper so soon after it created it

_OWN = 'chown "$1" "$3"; chmod "$2" "$3"'

# Counts the seconds in which the beat did not change; at the lease's end it exits, and with it
# every process that the owner started in here.
_LOOP = f"""
last=none; idle=0
while [ "$idle" -lt "$1" ]; do
  now=$(cat {BEAT_FILE} 2>/dev/null || echo none)
  if [ "$now" = "$last" ]; then idle=$((idle + 1)); else idle=0; last=$now; fi
  echo "$idle" > {IDLE_FILE}
  sleep 1
done
"""


@dataclass(frozen=True, slots=True)
class Helper:
    """A held instance. Every call raises Fenced once another operation took over."""

    id: str  # of the container: names can be taken again, ids cannot
    name: str
    holder: Holder
    shell: Shell = field(repr=False, compare=False)
    turns: Iterator[int] = field(default_factory=lambda: count(1), repr=False, compare=False)

    def run(self, script: str, *arguments: str) -> str:
        """Run a shell script inside, as root; returns its output.

        Raises Fenced, ScriptFailed, and Unreachable when no sign of life came; the script may have
        run then.
        """
        with self._fenced():
            guarding = guarded(script, next(self.turns))
            code, output = self._ran(Script(guarding, arguments))
        if code in _KILLED:
            self.assert_held()
        if code != 0:
            raise ScriptFailed(
                f"{self.holder.operation}: {output.strip()}", "see the message above"
            )
        return output

    def _ran(self, script: Script) -> tuple[int, str]:
        try:
            return self.shell.run(script, SILENCE_SECONDS)
        except ShellEnded:
            self.assert_held()
            raise

    def open(self, path: str, size: int) -> BinaryIO:
        """Stream the first `size` bytes of a file on the instance's volume."""
        with self._fenced():
            return open_in_container(self.id, path, size)

    def write(self, path: str, source: BinaryIO, size: int, owner: Owner) -> None:
        """Stream a new file onto the volume; see write_to_container about failures."""
        with self._fenced():
            write_to_container(self.id, path, source, size)
        self.run(_OWN, f"{owner.uid}:{owner.gid}", f"{owner.mode:o}", path)

    def assert_held(self) -> None:
        """Raise Fenced when the helper is gone; call it before every change outside the helper."""
        with self._fenced(), engine_errors(f"looking at {self.name}"):
            state = engine().api.inspect_container(self.id)["State"]
        if not state["Running"]:
            raise _fenced(self.name)

    @contextmanager
    def _fenced(self) -> Iterator[None]:
        try:
            yield
        except (NoSuchContainer, NotPossibleNow) as error:
            if _running(self.id):
                raise
            raise _fenced(self.name) from error


def helper_name(container: str) -> str:
    """The name that is the lock of this instance."""
    return f"{container}.redis-dr"


@contextmanager
def hold(
    target: ContainerState, holder: Holder, lease_seconds: int, image: str = ""
) -> Iterator[Helper]:
    """Hold the instance while the block runs: create the helper, beat, remove it at the end.

    The helper of a dead holder is removed first. Raises Refused when the holder lives.
    """
    name = helper_name(target.name)
    container_id = _take(target, holder, _Lease(name, lease_seconds, image or target.image_id))
    heartbeat, shell = Heartbeat(container_id, lease_seconds / 5), Shell(container_id)
    try:
        heartbeat.start()
        yield Helper(container_id, name, holder, shell)
    finally:
        heartbeat.stop()
        shell.close()
        # the work is done: a helper that cannot be removed now ends with its lease
        with contextlib.suppress(Unreachable):
            _remove(container_id)


def require_data_free(
    target: ContainerState, helper: Helper, folder: str, lease_seconds: int
) -> None:
    """Raise Refused while an operation on another container works on the same data directory.

    The name locks a container; two containers may share a volume. A dead owner is fenced.
    """
    for name in helpers_on_data(target, folder, own=helper.id):
        try:
            _remove_if_dead(_Lease(name, lease_seconds, ""), _STARTED_WITHIN_SECONDS)
        except Refused as error:
            raise Refused(
                f"the data directory of {target.name} is in use: {error.problem}", error.remedy
            ) from error


def holder_of(container: str) -> tuple[Holder, str] | None:
    """The holder of the instance and the state of its helper; None when nobody holds it."""
    state = _inspect(helper_name(container))
    if state is None:
        return None
    return Holder.from_labels(state["Config"]["Labels"] or {}), state["State"]["Status"]


@dataclass(frozen=True, slots=True)
class _Lease:
    """The helper to create."""

    name: str
    seconds: int  # without a beat, until it ends
    image: str


def _take(target: ContainerState, holder: Holder, lease: _Lease) -> str:
    for attempt in range(_ATTEMPTS):
        try:
            return _create(target, holder, lease)
        except NotPossibleNow:
            _remove_if_dead(lease, attempt * _PAUSE_SECONDS)
            time.sleep(_PAUSE_SECONDS)
    raise Refused(
        f"the name {lease.name} stays in use, and no container of that name can be seen",
        f"see `docker ps -a`, and remove {lease.name} when no redis-dr runs",
    )


def _create(target: ContainerState, holder: Holder, lease: _Lease) -> str:
    api = engine().api
    with engine_errors(f"creating the helper container of {target.name}"):
        created = api.create_container(
            lease.image,
            name=lease.name,
            entrypoint=["sh", "-c", _LOOP, "redis-dr-helper", str(lease.seconds)],
            command=[],
            user="0",
            labels=holder.labels(),
            network_disabled=True,
            healthcheck={"test": ["NONE"]},
            host_config=confined(FILE_RIGHTS, volumes_from=[target.id]),
        )
    container_id = str(created["Id"])
    try:
        with engine_errors(f"starting the helper container of {target.name}"):
            api.start(container_id)
    except Unreachable as error:
        _remove(container_id)
        raise Unreachable(
            f"the helper container of {target.name} did not start: {error.problem}",
            "if the instance's image has no shell, set helper_image to one that has",
        ) from error
    return container_id


def _remove_if_dead(lease: _Lease, waited: float) -> None:
    """Return when the name may be free; raise Refused when its holder lives."""
    helper = _inspect(lease.name)
    if helper is None:
        return
    holder = Holder.from_labels(helper["Config"]["Labels"] or {})
    status = helper["State"]["Status"]
    if status == "created" and not holder.surely_dead() and waited < _STARTED_WITHIN_SECONDS:
        return  # just being started by its owner: look again
    if helper["State"]["Running"] and not _dead(helper["Id"], holder, lease.seconds):
        raise Refused(
            f"{holder.instance or lease.name} is held by {holder}",
            "wait until it ends; if it hangs, end that process: its lease then runs out in "
            f"{lease.seconds} s",
        )
    _remove(helper["Id"])


def _dead(container_id: str, holder: Holder, lease_seconds: int) -> bool:
    if holder.surely_dead():
        return True
    try:
        code, output = run_in(container_id, ["cat", IDLE_FILE], seconds=SILENCE_SECONDS)
    except Unreachable:
        return not _running(container_id)
    # the owner beats five times a lease: half a lease of silence means it is stopped or gone
    return code == 0 and output.strip().isdigit() and int(output) * 2 >= lease_seconds


def _inspect(name: str) -> dict[str, Any] | None:
    try:
        with engine_errors(f"looking for {name}"):
            state: dict[str, Any] = engine().api.inspect_container(name)
    except NoSuchContainer:
        return None
    return state


def _running(container_id: str) -> bool:
    state = _inspect(container_id)
    return state is not None and bool(state["State"]["Running"])


def _remove(container_id: str) -> None:
    # it may be gone already, or be just going
    with (
        contextlib.suppress(NoSuchContainer, NotPossibleNow),
        engine_errors("removing the helper container"),
    ):
        engine().api.remove_container(container_id, force=True, v=False)


def _fenced(name: str) -> Fenced:
    return Fenced(
        f"{name} is gone: this operation lost its lease, and another one may have taken over",
        "run `redis-dr recover` to see what happened, then run this again",
    )
