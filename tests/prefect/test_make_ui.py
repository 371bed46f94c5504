"""`make ui` as a whole: a server, every deployment, awake; and nothing of it stays behind."""

import re
import signal
import subprocess
import sys
from pathlib import Path

from redis_dr.deployments.definitions import DEPLOYMENTS
from redis_dr.deployments.demo.prefect_server import environment
from tests.prefect.conftest import MakeInstallation
from tests.support.prefect_server import ROOT, PrefectServer, descendants
from tests.support.waiting import wait_until

_ADDRESS = re.compile(r"http://127.0.0.1:(\d+)/deployments")
_SCHEDULES = """[schedule]
nightly = "0 2 * * *"
hourly = ""
drill = "30 4 * * 0"
verify = ""
check = "*/10 * * * *"
"""


def test_it_starts_everything_and_leaves_nothing(
    make_installation: MakeInstallation, tmp_path: Path
) -> None:
    """On the configured instance: the address is printed, all deployments are served, those with
    a cron line are active; one signal ends it all with exit code 0."""
    made = make_installation()
    text = made.configuration.read_text()
    made.configuration.write_text(text[: text.index("[schedule]")] + _SCHEDULES)
    log = tmp_path / "ui.log"
    env = {
        **environment(tmp_path / "home", 0),
        # the caller's own Prefect
        "PREFECT_API_DATABASE_CONNECTION_URL": "sqlite+aiosqlite:////nowhere/prefect.db",
        "PREFECT_API_KEY": "another server's",
        "PREFECT_SERVER_API_AUTH_STRING": "another:server",
        "REDIS_DR_CONFIG": str(made.configuration),
        "PREFECT_RUNNER_POLL_FREQUENCY": "1",
        **made.secrets,
    }
    with log.open("wb") as sink:
        command = [sys.executable, "-m", "redis_dr.deployments.demo.ui"]
        ui = subprocess.Popen(command, cwd=ROOT, env=env, stdout=sink, stderr=subprocess.STDOUT)
    try:
        address = wait_until(lambda: _ADDRESS.search(log.read_text()), 180, "the address")
        server = PrefectServer(tmp_path / "home", int(address[1]), ui)
        found = wait_until(lambda: served(server), 90, "all are served", interval=0.5)
        started = descendants(ui.pid)
        ui.send_signal(signal.SIGTERM)
        code = ui.wait(60)
    finally:
        ui.kill()

    assert code == 0, log.read_text()
    assert found == {"nightly": True, "weekly-latest": True, "weekly-random": True,
                     "every-10-minutes": True, "every-5-minutes": True}  # fmt: skip
    assert len(started) >= 2
    wait_until(lambda: not any(Path(f"/proc/{pid}").exists() for pid in started), 30, "all ended")


def served(server: PrefectServer) -> dict[str, bool]:
    """Whether each deployment with a schedule is active; empty until all deployments are there."""
    with server.client() as client:
        found = [one for one in client.read_deployments() if str(one.status).endswith("READY")]
    if len(found) != len(DEPLOYMENTS):
        return {}
    return {one.name: one.schedules[0].active and not one.paused for one in found if one.schedules}
