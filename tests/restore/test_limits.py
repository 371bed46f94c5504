"""Limits of a server and its container that a drill did not feel, and a restore would."""

import threading

import pytest
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from redis_dr.flows.runbook.drill.drill import DrillOptions, drill
from redis_dr.flows.runbook.observe.restorable import judge_restorable
from redis_dr.tasks.model.errors import Refused
from tests.support.client_writes import keys_of, keys_set_aside
from tests.support.instances import Make
from tests.support.managed_redis import fill

MB = 2**20


@pytest.mark.parametrize("moment", ["starting", "verifying"])
def test_clients_that_take_every_connection_lose_no_write(make_redis: Make, moment: str) -> None:
    """
    Neither AOF nor save points, and no free connection from the start or from the proof on: what
    was acknowledged is in the server or in a file that was set aside, whatever became of it.
    """
    made = make_redis(
        *("--appendonly", "no", "--save", "", "--maxclients", "10"),
        fields={"restore": {"start_timeout_seconds": 15}},
    )
    fill(made.server, 50)
    made.backup()
    greedy = Greedy(made.server.port, made.server.password)
    report = made.restore({moment: greedy.start}, safety_backup=False)
    greedy.end()
    assert greedy.acknowledged
    kept = set().union(*keys_set_aside(made.server).values()) | keys_of(made.server)
    assert greedy.acknowledged <= kept, (report.failure, len(greedy.acknowledged - kept))


class Greedy:
    """Clients that take every connection that the server allows, and write through them."""

    def __init__(self, port: int, password: str | None) -> None:
        self.acknowledged: set[bytes] = set()
        self._port, self._password = port, password
        self._ended = threading.Event()
        self._threads = [threading.Thread(target=self._run, args=(n,)) for n in range(14)]

    def start(self) -> None:
        for thread in self._threads:
            thread.start()
        self._ended.wait(1)

    def end(self) -> None:
        self._ended.set()
        for thread in self._threads:
            thread.join(30)

    def _run(self, number: int) -> None:
        count = 0
        while not self._ended.is_set():
            options = {"socket_timeout": 5, "retry": Retry(NoBackoff(), 0)}
            with redis.Redis(port=self._port, password=self._password, **options) as client:
                try:
                    while not self._ended.wait(0.01):
                        key = f"greedy:{number}:{count}".encode()
                        client.set(key, "written")
                        self.acknowledged.add(key)
                        count += 1
                except (redis.RedisError, OSError):
                    self._ended.wait(0.01)


def test_a_small_reply_buffer_is_judged_before_in_drill_and_restore(make_redis: Make) -> None:
    """
    64 kB on the start line: refused with the remedy, and the drill says the same. With 1 MB the
    round trips are smaller, larger values are compared by a save, and the restore is proven.
    """
    limit = "--client-output-buffer-limit"
    small = make_redis(limit, "normal 64kb 0 0")
    fill(small.server, 400)
    report = small.backup()
    check = "the server lets a client read the proof"
    drilled = drill(small.instance, DrillOptions(backup=report.backup_id))
    assert check in {one.check for one in drilled.findings if not one.ok}
    with pytest.raises(Refused, match=check) as caught:
        small.restore(safety_backup=False)
    assert "normal 0 0 0" in str(caught.value)
    assert check in {one.check for one in judge_restorable(small.instance) if not one.ok}

    enough = make_redis(limit, "normal 1mb 0 0")
    client = enough.server.client()
    client.mset({f"middle:{n}": bytes([65 + n % 26]) * 200_000 for n in range(30)})
    client.config_set("rdbcompression", "no")
    enough.server.client().set("large", b"x" * 3_000_000)
    backup = enough.backup()
    before = enough.digest()
    client.flushall()
    restored = enough.restore(backup=backup.backup_id, safety_backup=False)
    assert restored.ok, [one for one in restored.findings if not one.ok]
    assert enough.digest() == before


def test_a_memory_limit_right_above_the_data_is_judged_before(make_redis: Make) -> None:
    """
    The container gets a limit 1 MB above used_memory: the restore is refused with the figures, the
    drill says the same, and after the remedy the restore works.
    """
    made = make_redis()
    client = made.server.client()
    pipeline = client.pipeline(transaction=False)
    for number in range(30_000):
        pipeline.set(f"key:{number}", f"{number:01000}")
    pipeline.execute()
    report = made.backup()
    used = int(client.info("memory")["used_memory"])
    client.flushall()  # what runs has to fit into the limit as well
    client.execute_command("MEMORY", "PURGE")
    tight = made.server.container
    tight.update(mem_limit=used + MB, memswap_limit=used + MB)
    running = made.run_id()
    check = "what is placed fits into the container's memory"
    drilled = drill(made.instance, DrillOptions(backup=report.backup_id))
    assert check in {one.check for one in drilled.findings if not one.ok}
    with pytest.raises(Refused, match=check) as caught:
        made.restore(safety_backup=False)
    assert "docker update --memory" in str(caught.value)
    assert made.run_id() == running
    tight.update(mem_limit=4 * used, memswap_limit=4 * used)
    restored = made.restore(safety_backup=False)
    assert restored.ok, [one for one in restored.findings if not one.ok]
