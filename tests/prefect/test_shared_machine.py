"""Another user of the machine reaches the API's port, and nothing behind it."""

import json
import os
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from redis_dr.deployments.demo.prefect_login import login_file
from redis_dr.tasks.http.prefect_login import LOGIN, lets_everyone_in, prefect_findings
from redis_dr.tasks.http.prefect_schedules import read_schedules
from redis_dr.tasks.model.errors import UsageError
from tests.support.http_listener import listening
from tests.support.prefect_server import PrefectServer

NOBODY = 65534
# what worked before: a deployment whose `pull_steps` run any code as the worker
_ATTACK = """
import json, sys, urllib.error, urllib.request
api = sys.argv[1]
def ask(method, path, body=None):
    data = None if body is None else json.dumps(body).encode()
    headers = {"Content-Type": "application/json"}
    request = urllib.request.Request(api + path, data, headers, method=method)
    try:
        with urllib.request.urlopen(request, timeout=20) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()
pull = [{"prefect.deployments.steps.run_shell_script": {"script": "id > /tmp/x"}}]
print(json.dumps([
    ask("GET", "/health")[0],
    ask("GET", "/csrf-token?client=x")[0],
    ask("GET", "/admin/settings")[0],
    ask("POST", "/deployments/filter", {})[0],
    ask("POST", "/flows/", {"name": "attack"})[0],
    ask("POST", "/deployments/", {"name": "a", "flow_id": "0" * 32, "pull_steps": pull})[0],
    ask("POST", "/work_pools/filter", {})[0],
]))
"""
_FILES = """
import os, sys
home, pid = sys.argv[1:]
def can(path):
    try:
        with open(path, "rb") as file:
            return bool(file.read(1)) or True
    except OSError:
        return False
print([name for name in ("login", "prefect.db", "server.log") if can(f"{home}/{name}")])
print(can(f"/proc/{pid}/environ"))
"""


def as_nobody(code: str, *arguments: str) -> str:
    """What a user without any rights gets from the system's Python.

    Only root can become that user; another one asks with nothing in the environment.
    """
    other: dict[str, Any] = {"user": NOBODY, "group": NOBODY, "extra_groups": []}
    done = subprocess.run(
        ["/usr/bin/python3", "-c", code, *arguments],
        **(other if os.geteuid() == 0 else {}),
        cwd="/",
        env={},
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    return done.stdout


def test_another_user_is_refused(prefect_server: PrefectServer) -> None:
    """
    Only the health check answers: no list, no run, no deployment with code of an attacker's.
    """
    health, *others = json.loads(as_nobody(_ATTACK, f"{prefect_server.url}/api"))

    assert health == 200
    assert others[:2] == [401, 401]  # no token and no settings
    assert set(others) <= {401, 403}  # 403: no token came along


def test_another_user_finds_no_login(prefect_server: PrefectServer) -> None:
    """
    Not in the files, the environment or the arguments of the server.
    """
    pid = prefect_server.process.pid
    readable, environment = as_nobody(_FILES, str(prefect_server.home), str(pid)).splitlines()

    assert readable == "[]"
    assert environment == "False"
    password = prefect_server.login.partition(":")[2]
    assert password not in Path(f"/proc/{pid}/cmdline").read_text()
    assert password not in (prefect_server.home / "server.log").read_text()
    assert modes(prefect_server.home) == {"login": 0o600, "prefect.db": 0o600, "": 0o700}


def modes(home: Path) -> dict[str, int]:
    files = {name: home / name for name in ("login", "prefect.db")}
    return {name: stat.S_IMODE(file.stat().st_mode) for name, file in {**files, "": home}.items()}


def test_a_page_of_another_origin_is_refused(prefect_server: PrefectServer) -> None:
    """
    With a login, but without a CSRF token: as a browser sends a form of another page. No header
    allows that page to read answers.
    """
    request = _ORIGIN, f"{prefect_server.url}/api", prefect_server.login
    code, allowed, own = json.loads(
        subprocess.run(
            [sys.executable, "-c", *request], capture_output=True, text=True, check=True
        ).stdout
    )
    assert code == 403
    assert allowed is None
    assert own == prefect_server.url


_ORIGIN = """
import json, sys, httpx
api, login = sys.argv[1:]
auth = tuple(login.split(":"))
other = httpx.post(api + "/flows/", json={"name": "x"}, auth=auth, headers={"Origin": "http://evil"})
seen = httpx.get(api + "/health", headers={"Origin": "http://evil"})
own = httpx.get(api + "/health", headers={"Origin": api.removesuffix("/api")})
key = "access-control-allow-origin"
print(json.dumps([other.status_code, seen.headers.get(key), own.headers.get(key)]))
"""


def test_our_own_clients_log_in(
    prefect_server: PrefectServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    `check` reads the schedules with the login of the environment, and says so where it is wrong.
    """
    api = f"{prefect_server.url}/api"
    monkeypatch.setenv(LOGIN, prefect_server.login)
    assert read_schedules(api) is not None
    monkeypatch.setenv(LOGIN, "redis-dr:wrong")
    with pytest.raises(UsageError, match="refuses the login"):
        read_schedules(api)
    assert lets_everyone_in(api) is False


def test_the_login_is_kept_and_private(tmp_path: Path) -> None:
    """
    One for each home: generated once, for its user only, also where the folder was open before.
    """
    home = tmp_path / "prefect"
    home.mkdir(mode=0o755)
    first = login_file(home).read_text()

    assert login_file(home).read_text() == first
    assert login_file(tmp_path / "other").read_text() != first
    assert stat.S_IMODE((home / "login").stat().st_mode) == 0o600
    assert stat.S_IMODE(home.stat().st_mode) == 0o700


@pytest.mark.parametrize(
    ("answer", "ok", "actual"),
    [(200, False, "none"), (401, True, "a login"), (403, True, "a login")],
)
def test_doctor_names_an_api_without_a_login(answer: int, actual: str, *, ok: bool) -> None:
    """
    By what it answers to somebody without a login; 401 is Prefect's own answer, 403 a proxy's.
    """
    with listening(answer) as listener:
        (finding,) = prefect_findings(listener.url)
    assert (finding.ok, finding.actual) == (ok, actual)
    assert ("PREFECT_SERVER_API_AUTH_STRING" in finding.detail) is not ok


def test_doctor_does_not_guess(monkeypatch: pytest.MonkeyPatch) -> None:
    """
    No address: nothing to look at. No answer: unknown, and not good.
    """
    monkeypatch.delenv("PREFECT_API_URL", raising=False)
    assert prefect_findings(None) == ()
    (finding,) = prefect_findings("http://127.0.0.1:9/api")
    assert (finding.ok, finding.actual) == (False, "unknown: no answer")
