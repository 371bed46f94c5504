"""A throwaway server without network: it boots on staged files, answers by exec, and is removed.

Its first process watches the owner's heartbeat, so that it ends also when the owner is killed.
"""

import contextlib
import re
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from redis_dr.tasks.engine.client import engine
from redis_dr.tasks.engine.confinement import judged_limit, throwaway
from redis_dr.tasks.engine.container import logs
from redis_dr.tasks.engine.errors import NoSuchContainer, NotPossibleNow, engine_errors
from redis_dr.tasks.engine.heartbeat import BEAT_FILE, Heartbeat
from redis_dr.tasks.engine.shell import Script, Shell
from redis_dr.tasks.model.errors import RedisDrError, Refused, Unreachable
from redis_dr.tasks.model.server.container import ContainerState
from redis_dr.tasks.model.server.throwaway import Memory, memory_without_data

LABEL = "redis-dr.sandbox"
_POLL_SECONDS = 0.05  # at first; each look is a program that takes the load's processor time
_POLL_MOST = 1.0
SILENCE_SECONDS = 3600  # of one command: a save of many gigabytes says nothing
_ENDS_WITHIN_SECONDS = 5.0  # of its server
_DIED = re.compile(r"closed the connection|Could not connect|reset by peer")
_LOADED = re.compile(r"DB loaded from .*: ([0-9.]+) seconds")

# Valkey's programs have other names (facts/redis.md 16)
_RUN = f"""
lease=$1; shift
server=$(command -v redis-server || command -v valkey-server)
"$server" "$@" & child=$!
last=none; idle=0
while [ "$idle" -lt "$lease" ] && kill -0 "$child" 2>/dev/null; do
  now=$(cat {BEAT_FILE} 2>/dev/null || echo none)
  if [ "$now" = "$last" ]; then idle=$((idle + 1)); else idle=0; last=$now; fi
  sleep 1
done
kill -9 "$child" 2>/dev/null
wait "$child"
"""
# a server that serves, whether or not it lets this client in
SERVES = re.compile(r"PONG|NOAUTH|WRONGPASS|NOPERM|unknown command|AUTH failed")
_CLI = 'cli=$(command -v redis-cli || command -v valkey-cli); exec "$cli" "$@"'

# every process may read the status of every other one; pages of a file can be given back
_PEAK = r"""
for process in /proc/[0-9]*; do
  case "$(cat "$process/comm" 2>/dev/null)" in
    redis-server|valkey-server|keydb-server)
      awk '/^VmHWM/ {h=$2} /^RssFile/ {f=$2} END {print h-f}' "$process/status" ;;
  esac
done | sort -n | tail -n 1
"""


class SandboxFailed(RedisDrError):
    """The throwaway server did not do what a sound server does on sound files."""


@dataclass(frozen=True, slots=True)
class SandboxSpec:
    """What to boot, and where."""

    name: str
    image: str
    arguments: tuple[str, ...]  # of the server
    user: str  # "uid:gid": files must be readable, and nothing is chowned
    volumes_from: str  # a container whose volumes it sees, read-only but for `volumes`
    beside: str  # a container that runs on the engine's host, to look at its memory
    volumes: tuple[tuple[str, str], ...] = ()  # (volume or path on the host, path inside)
    lease_seconds: int = 60
    memory: Memory = field(default_factory=memory_without_data)
    labels: tuple[tuple[str, str], ...] = field(default=())


@dataclass(frozen=True, slots=True)
class Access:
    """How the client in the container reaches the server there, and by which names."""

    arguments: tuple[str, ...] = ()  # -p PORT, -s SOCKET, --tls ..., --user NAME
    environment: Mapping[str, str] = field(default_factory=dict, repr=False)  # REDISCLI_AUTH
    renamed: Mapping[str, str] = field(default_factory=dict, repr=False)  # command: its new name


@dataclass(frozen=True, slots=True)
class Sandbox:
    """A running throwaway server."""

    id: str
    name: str
    shell: Shell = field(repr=False, compare=False)
    access: Access = field(default_factory=Access)
    patience: float = SILENCE_SECONDS

    def cli(self, *arguments: str) -> str:
        """One command by the image's own client; raises SandboxFailed with what it said."""
        code, text = self.ask(*arguments)
        if code != 0:
            if _DIED.search(text):
                self._await_end()
                self.require_memory()
            raise SandboxFailed(f"{self.name}: {arguments[0]}: {text}", "see what it said above")
        return text

    def ask(self, *arguments: str) -> tuple[int, str]:
        """Exit code and answer of one command; raises SandboxFailed when the container ended."""
        options = ("-e", "--no-auth-warning", *self.access.arguments)
        words = list(arguments)
        at = 2 if words[0] == "-n" else 0  # -n DB COMMAND ...
        words[at] = self.access.renamed.get(words[at].upper()) or words[at]
        script = Script(_CLI, [*options, *words], "-c", self.access.environment)
        try:
            code, said = self.shell.run(script, self.patience)
        except Unreachable as error:
            if self.alive():
                raise
            self.require_memory()
            # the engine tells an ended container by 404, 409 or 500, as the moment is
            raise SandboxFailed(
                f"{self.name} ended: {_log(self.id) or error.problem}", "see what it said above"
            ) from error
        return code, said.strip()

    def log(self) -> str:
        """The last loud lines of its log, "" when there are none."""
        return _log(self.id)

    def info(self, section: str) -> dict[str, str]:
        """One section of INFO."""
        return info_fields(self.cli("INFO", section))

    def loaded_keys(self) -> int:
        """How many keys the server counted while it loaded, expired ones included."""
        info = self.info("persistence")
        return int(info["rdb_last_load_keys_loaded"]) + int(info["rdb_last_load_keys_expired"])

    def wait_until_ready(self, seconds: float) -> None:
        """Wait through the load. Raises SandboxFailed with the log when the server gave up."""
        begun = time.monotonic()
        while True:
            waited = time.monotonic() - begun
            try:
                _, seen = self.ask("PING")
                if SERVES.search(seen) and "LOADING" not in seen:
                    return
            except SandboxFailed as error:
                seen = error.problem
            if not self.alive() or waited > seconds:
                self.require_memory()
                said = _log(self.id)
                raise SandboxFailed(
                    f"the server did not come up on these files: {said or seen}",
                    "the files or the configuration are not what this image can load",
                )
            time.sleep(min(_POLL_MOST, _POLL_SECONDS + waited / 5))

    def boot_again(self, seconds: float) -> None:
        """Kill it, and boot it on what it left. Raises SandboxFailed, Unreachable."""
        with engine_errors(f"starting {self.name} again"):
            engine().api.restart(self.id, timeout=0)
        self.wait_until_ready(seconds)

    def load_seconds(self) -> float:
        """How long its load took, in its own words; 0 when it did not say."""
        with engine_errors(f"reading the log of {self.name}"):
            found = _LOADED.findall(logs(self.id, 200))
        return float(found[-1]) if found else 0.0

    def peak_memory(self) -> int:
        """The most resident bytes of its own that its server has had; 0: not known."""
        try:
            code, text = self.shell.run(Script(_PEAK), self.patience)
        except Unreachable:
            return 0
        return int(text) * 1024 if code == 0 and text.strip().isdecimal() else 0

    def alive(self) -> bool:
        """Whether its container still runs."""
        return bool(self._state().get("Running"))

    def require_memory(self) -> None:
        """Raise Refused when its memory limit ended it: that says nothing about the files."""
        if self._state().get("OOMKilled"):
            raise Refused(
                f"{self.name} needed more memory than its limit, and was ended",
                "free memory on the engine's host, or raise [drill] memory_limit for a drill",
            )

    def _await_end(self) -> None:
        """The server is gone: its container ends within a second, and then tells why."""
        deadline = time.monotonic() + _ENDS_WITHIN_SECONDS
        while self.alive() and time.monotonic() < deadline:
            time.sleep(_POLL_SECONDS)

    def _state(self) -> dict[str, Any]:
        try:
            with engine_errors(f"looking at {self.name}"):
                state: dict[str, Any] = engine().api.inspect_container(self.id)["State"]
        except NoSuchContainer:
            return {}
        return state


def info_fields(answer: str) -> dict[str, str]:
    """INFO as a client prints it; of a name that comes more than once the last one."""
    lines = (line.partition(":") for line in answer.splitlines())
    return {name: value.strip() for name, _, value in lines if value}


def sandbox_name(container: str) -> str:
    """One a time for each instance; its helper is the lock."""
    return f"{container}.redis-dr.trial"


def data_volume(container: ContainerState, folder: str) -> tuple[tuple[str, str], ...]:
    """The mount that holds this folder, as a spec names it: the only one to be written to."""
    mount = container.mount_of(folder)
    return ((mount.name or mount.source, mount.destination),) if mount else ()


@contextmanager
def sandbox(spec: SandboxSpec) -> Iterator[Sandbox]:
    """Start it, beat for it while the block runs, remove it and its anonymous volumes."""
    remove_sandbox(spec.name)  # of an operation that died: the helper of this instance is ours
    container_id = _create(spec)
    heartbeat = Heartbeat(container_id, spec.lease_seconds / 5)
    server = Sandbox(container_id, spec.name, Shell(container_id, spec.user))
    try:
        try:
            heartbeat.start()
        except RedisDrError:
            if server.alive():
                raise  # else it has given up already, and the wait for it tells why
        yield server
    finally:
        heartbeat.stop()
        server.shell.close()
        remove_sandbox(container_id)


def remove_sandbox(name: str) -> None:
    """Take it away, if it is there."""
    with contextlib.suppress(NoSuchContainer, NotPossibleNow), engine_errors(f"removing {name}"):
        engine().api.remove_container(name, force=True, v=True)


def _create(spec: SandboxSpec) -> str:
    api = engine().api
    limit = judged_limit(spec.memory, spec.beside)
    with engine_errors(f"making {spec.name}"):
        host = throwaway(
            limit,
            ("DAC_OVERRIDE",) if spec.user.partition(":")[0] == "0" else (),
            volumes_from=[f"{spec.volumes_from}:ro"],
            binds=[f"{name}:{path}" for name, path in spec.volumes] or None,
        )
        made = api.create_container(
            spec.image,
            name=spec.name,
            entrypoint=["sh", "-c", _RUN, "sandbox", str(spec.lease_seconds), *spec.arguments],
            command=[],
            user=spec.user,
            labels={LABEL: spec.name, **dict(spec.labels)},
            network_disabled=True,
            healthcheck={"test": ["NONE"]},
            host_config=host,
        )
    container_id = str(made["Id"])
    try:
        with engine_errors(f"starting {spec.name}"):
            api.start(container_id)
    except Unreachable:
        remove_sandbox(container_id)
        raise
    return container_id


def _log(container_id: str) -> str:
    with contextlib.suppress(Unreachable):
        lines = logs(container_id, 40).splitlines()
        loud = [line for line in lines if "#" in line or "rror" in line]
        return " / ".join((loud or lines)[-3:])
    return ""
