"""Faults at the engine's door: count its calls in a process of their own, and strike at the Nth.

As a program (`python -m tests.support.engine_faults SPEC`) it restores an instance, and kills
itself, stops itself, fails a call or lets it wait. Only that process is changed, never the process
of the tests.
"""

import json
import os
import signal
import socket
import subprocess
import sys
import threading
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import requests

from redis_dr.flows.runbook.restore.restore import restore
from redis_dr.tasks.engine.patience import may_repeat
from redis_dr.tasks.engine.shell import Script, Session
from redis_dr.tasks.model.errors import RedisDrError
from redis_dr.tasks.model.restore.restore_report import RestoreOptions
from redis_dr.tasks.model.settings.instance import Instance
from tests.support.unanswered import swallow

KILL, STOP, FAIL = "kill", "stop", "fail"
PASS = "pass"  # only count from here
REFUSE = "refuse"  # each call once, by a refusal that passes, before it is let through


@dataclass(frozen=True, kw_only=True)
class Spec:
    """What to do and where to strike; `at` 0 only counts the calls."""

    instance: str  # JSON
    backup: str = "latest"
    at: int = 0
    fault: str = KILL
    path: str = ""  # instead of `at`: at the first call whose path holds this
    later: int = 0  # so many calls after that one
    heard: str = ""  # instead of `at`: when the restore reports that it begins this
    after: bool = False  # the engine did it, and its answer is lost
    log: str = ""  # a file that takes one line for each call
    then: int = 0  # so many calls after that one, the engine gives no answer to one, ever


def spawn(spec: Spec, **environment: str) -> "subprocess.Popen[str]":
    """Start the process; it prints one JSON document at its end, if it comes to one."""
    command = [sys.executable, "-m", "tests.support.engine_faults", json.dumps(asdict(spec))]
    return subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=Path.cwd(),
        env={**os.environ, **environment},
    )


def run(spec: Spec, seconds: float = 120) -> tuple[int, dict[str, Any]]:
    """Exit code and document ({} of a killed one); `struck` in it says whether the fault came."""
    process = spawn(spec)
    try:
        said, errors = process.communicate(timeout=seconds)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
        raise
    assert process.returncode in (0, -signal.SIGKILL), errors
    return process.returncode, json.loads(said) if said.strip() else {}


def as_json(instance: Instance) -> str:
    """The configuration with its secret: it goes to a process of the tests only."""
    fields = instance.model_dump(mode="json", exclude={"password"}, exclude_unset=True)
    password = instance.password.get_secret_value() if instance.password else None
    return json.dumps({**fields, "password": password})


# status and words of dockerd; the last one is a connection that breaks
REFUSALS = (
    (500, "Cannot update container abc: runc did not terminate successfully: exit status 1"),
    (409, "Container abc is restarting, wait until the container is running"),
    (409, "removal of container abc is already in progress"),
    (503, "the engine is busy"),
    (0, ""),
)


class _Door:
    """Counts the calls of the main thread, and strikes once: beats come when they come."""

    def __init__(self, spec: Spec) -> None:
        self.spec, self.calls, self.plain = spec, 0, requests.Session.send
        self.run_plain = Session.run  # a script in a shell that runs: the other way in
        self.past = -1  # calls since the path was found, -1 before
        self.struck = False  # the fault itself
        self.since = 0  # calls since then
        self.swallowed = ""  # the one that got no answer
        self.refused: list[str] = []  # calls that were refused once
        self.again = ""  # the call whose repetition is let through

    def send(self, session: requests.Session, request: Any, **options: Any) -> Any:
        if threading.current_thread() is not threading.main_thread():
            return self.plain(session, request, **options)
        self.calls += 1
        if self.spec.fault == REFUSE:
            return self._refuse_once(session, request, options)
        self._note(f"{request.method} {request.path_url}")
        self.since += self.struck
        if self.since and self.since == self.spec.then:
            return self._swallow(session, request, options)
        struck = self.calls == self.spec.at or self._on_path(request.path_url)
        if struck and not self.spec.after:
            self.strike()
        answer = None
        try:
            answer = self.plain(session, request, **options)
        finally:
            # also when a busy engine let the call fail by itself: whether it did it is not known
            if struck and self.spec.after:
                if answer is not None and self.spec.fault == FAIL:
                    answer.close()
                self.strike()
        return answer

    def run(self, session: Session, script: Script, seconds: float) -> tuple[int, str]:
        """A script is a call, too."""
        if threading.current_thread() is not threading.main_thread():
            return self.run_plain(session, script, seconds)
        self.calls += 1
        if self.spec.fault == REFUSE:
            return self.run_plain(session, script, seconds)
        self._note(f"SCRIPT {script.text[-80:]!r}")
        self.since += self.struck
        if self.since and self.since == self.spec.then:
            return self._swallow_script(session, script, seconds)
        struck = self.calls == self.spec.at or self._on_path("/script")
        if struck and not self.spec.after:
            self.strike()
        try:
            return self.run_plain(session, script, seconds)
        finally:
            if struck and self.spec.after:
                self.strike()

    def _note(self, call: str) -> None:
        if self.spec.log:
            with Path(self.spec.log).open("a") as log:
                log.write(f"{self.calls} {call}\n")

    def _swallow_script(self, session: Session, script: Script, seconds: float) -> tuple[int, str]:
        self.swallowed = f"SCRIPT {script.text[-80:]!r}"
        if self.spec.after:
            self.run_plain(session, script, seconds)
        session._socket, self.silent = socket.socketpair()
        return self.run_plain(session, script, seconds)

    def _refuse_once(self, session: requests.Session, request: Any, options: Any) -> Any:
        call = f"{request.method} {request.path_url}"
        if call == self.again:
            self.again = ""
            return self.plain(session, request, **options)
        status, words = REFUSALS[len(self.refused) % len(REFUSALS)]
        if not status and not may_repeat(request.method, request.path_url):
            status, words = REFUSALS[0]  # a lost answer of these is not asked for again
        self.refused.append(call)
        self.again = call
        if not status:
            raise requests.ConnectionError("('Connection aborted.', RemoteDisconnected('closed'))")
        answer = requests.Response()
        answer.status_code, answer.request, answer.url = status, request, request.url
        answer.headers["Content-Type"] = "application/json"
        answer._content = json.dumps({"message": words}).encode()
        return answer

    def _swallow(self, session: requests.Session, request: Any, options: dict[str, Any]) -> Any:
        self.swallowed = f"{request.method} {request.path_url}"
        if self.spec.after:
            self.plain(session, request, **options).close()
        return swallow(request, lambda it: self.plain(requests.Session(), it, **options))

    def _on_path(self, path: str) -> bool:
        if self.past >= 0 or (self.spec.path and self.spec.path in path):
            self.past += 1
        return self.past == self.spec.later

    def stand_in(self) -> None:
        """Take the place of both ways to the engine, in this process."""

        def send(session: requests.Session, request: Any, **options: Any) -> Any:
            return self.send(session, request, **options)

        def run(session: Session, script: Script, seconds: float) -> tuple[int, str]:
            return self.run(session, script, seconds)

        requests.Session.send = send  # type: ignore[method-assign] # that is what this process is for
        Session.run = run  # type: ignore[method-assign] # as above

    def strike(self) -> None:
        """Let the fault happen."""
        self.struck = True
        if self.spec.fault == PASS:
            return
        if self.spec.fault == FAIL:
            raise requests.ConnectionError("the engine went away")
        os.kill(os.getpid(), signal.SIGKILL if self.spec.fault == KILL else signal.SIGSTOP)


def _main() -> None:
    spec = Spec(**json.loads(sys.argv[1]))
    door = _Door(spec)
    door.stand_in()
    instance = Instance.model_validate_json(spec.instance)
    options = RestoreOptions(backup=spec.backup, confirm=instance.name, warm=False)
    said: dict[str, Any]

    def listen(text: str, _done: float | None = None, /) -> None:
        if spec.heard and text == spec.heard and not door.struck:
            door.strike()

    try:
        report = restore(instance, options, lambda _plan: True, listen)
        said = {"ok": report.ok, "rolled_back": report.rolled_back, "failure": report.failure}
    except RedisDrError as error:
        said = {"error": type(error).__name__, "problem": error.problem}
    seen = {
        "refused": door.refused,
        "calls": door.calls,
        "struck": door.struck,
        "swallowed": door.swallowed,
    }
    print(json.dumps({**said, **seen}))


if __name__ == "__main__":
    _main()
