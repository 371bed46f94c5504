"""Run `redis-dr drill` here and let a signal strike at one call to the engine.

python -m tests.support.drill_strike SIGNAL before|during|after CALL LOG

CALL is a number, or a part of the path; LOG gets a line for each call. Only this process changes.
"""

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import requests

from redis_dr.flows.cli.main import main
from redis_dr.tasks.engine.shell import Script, Session, ShellEnded
from tests.support.command_line import CommandLine

NEVER = "0"


def strike(redis_dr: CommandLine, *, name: str, when: str, call: str) -> tuple[int, list[str]]:
    """Exit code of a drill that is struck there, and the calls that it made."""
    log = redis_dr.folder / "calls"
    log.write_text("")
    done = subprocess.run(
        [sys.executable, "-m", "tests.support.drill_strike", name, when, call, str(log)],
        cwd=Path.cwd(),
        env={**os.environ, "REDIS_DR_CONFIG": str(redis_dr.folder / "redis-dr.toml")},
        capture_output=True,
        timeout=120,
        check=False,
    )
    return done.returncode, log.read_text().splitlines()


class _Door:
    """Counts the calls of the main thread: beats come when they come."""

    def __init__(self, number: int, when: str, call: str, log: Path) -> None:
        self.signal, self.when, self.call, self.log = number, when, call, log
        self.calls, self.plain, self.struck = 0, requests.Session.send, False
        self.run_plain = Session.run

    def send(self, session: requests.Session, request: Any, **options: Any) -> Any:
        if threading.current_thread() is not threading.main_thread():
            return self.plain(session, request, **options)
        self.calls += 1
        with self.log.open("a") as log:
            log.write(f"{request.method} {request.path_url}\n")
        if self.struck or not self._is_here(request.path_url):
            return self.plain(session, request, **options)
        self.struck = True
        if self.when == "during":  # the engine goes on while the one who asked does not
            apart = requests.Session()
            apart.mount("http+docker://", session.get_adapter("http+docker://"))
            threading.Thread(target=self.plain, args=(apart, request), kwargs=options).start()
        if self.when == "after":
            self.plain(session, request, **options).close()
        os.kill(os.getpid(), self.signal)
        return self.plain(session, request, **options)

    def run(self, session: Session, script: Script, seconds: float) -> tuple[int, str]:
        """A script in a shell that runs is a call, too."""
        if threading.current_thread() is not threading.main_thread():
            return self.run_plain(session, script, seconds)
        self.calls += 1
        with self.log.open("a") as log:
            log.write(f"SCRIPT {script.text[-80:]!r}\n")
        if self.struck or not self._is_here("/script"):
            return self.run_plain(session, script, seconds)
        self.struck = True
        if self.when == "during":
            arguments = (session, script, seconds)
            threading.Thread(target=self.run_plain, args=arguments, daemon=True).start()
            os.kill(os.getpid(), self.signal)
            raise ShellEnded("its answer went to another thread", "run it again")
        if self.when == "before":
            os.kill(os.getpid(), self.signal)
        try:
            return self.run_plain(session, script, seconds)
        finally:
            if self.when == "after":
                os.kill(os.getpid(), self.signal)

    def _is_here(self, path: str) -> bool:
        return self.calls == int(self.call) if self.call.isdigit() else self.call in path

    def stand_in(self) -> None:
        """Take the place of both ways to the engine, in this process."""

        def send(session: requests.Session, request: Any, **options: Any) -> Any:
            return self.send(session, request, **options)

        def run(session: Session, script: Script, seconds: float) -> tuple[int, str]:
            return self.run(session, script, seconds)

        requests.Session.send = send  # type: ignore[method-assign] # that is what this process is for
        Session.run = run  # type: ignore[method-assign] # as above


def _main() -> int:
    name, when, call, log = sys.argv[1:]
    door = _Door(signal.Signals[name], when, call, Path(log))
    door.stand_in()
    return main(["drill", "--turn", "1"])


if __name__ == "__main__":
    sys.exit(_main())
