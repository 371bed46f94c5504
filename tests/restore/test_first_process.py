"""A container whose first process is not the server: no stop waits for a signal nobody hears."""

import pytest

from tests.support.client_writes import keys_of, keys_set_aside, writing
from tests.support.instances import Make
from tests.support.managed_redis import changed, fill

# docker stop would take its whole patience, 120 s: the shell is process 1, and does not listen
SCRIPTS = {
    "goes on": 'docker-entrypoint.sh "$@"; sleep 1000',
    "ends": 'docker-entrypoint.sh "$@"; echo over',
    "listens too late": 'trap "exit 0" TERM; docker-entrypoint.sh "$@"; sleep 1000 & wait',
}


@pytest.mark.parametrize("script", SCRIPTS)
@pytest.mark.parametrize("aof", ["yes", "no"])
def test_the_server_itself_is_ended(make_redis: Make, script: str, aof: str) -> None:
    """
    Redis is ended first, then the container: the downtime is seconds, as predicted, and the old
    data is whole in what was set aside.
    """
    made = make_redis("--appendonly", aof, entrypoint=["sh", "-c", SCRIPTS[script], "start"])
    fill(made.server)
    saved, there = changed(made)
    assert there != saved
    report = made.restore(safety_backup=False)
    assert report.ok, [one for one in report.findings if not one.ok]
    assert made.digest() == saved
    assert report.downtime_seconds < 15
    assert report.timings["stop"] < 6
    loads = "appendonlydir" if aof == "yes" else "dump.rdb"
    assert loads in made.server.sh(f"ls {report.set_aside}")


RESPAWNS = 'while :; do redis-server "$@"; done'


@pytest.mark.parametrize("aof", ["yes", "no"])
def test_a_supervisor_that_starts_the_server_again_loses_no_write(
    make_redis: Make, aof: str
) -> None:
    """
    Process 1 starts the server again as soon as it has ended, and clients write all the time: what
    was acknowledged before the stop is in the data that was set aside.
    """
    made = make_redis("--appendonly", aof, entrypoint=["sh", "-c", RESPAWNS, "start"])
    fill(made.server)
    made.backup()
    with writing(made.server) as clients:
        report = made.restore(safety_backup=False)
    assert report.timings["stop"] < 15
    kept = set().union(*keys_set_aside(made.server).values()) | keys_of(made.server)
    assert clients.acknowledged
    assert clients.acknowledged <= kept
