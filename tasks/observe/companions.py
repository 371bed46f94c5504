"""Which servers run in the instance's container: its own, and others that a stop would end."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass

from redis_dr.tasks.engine.inside import accesses
from redis_dr.tasks.engine.neighbours import process_titles
from redis_dr.tasks.engine.networks import shares_host_network
from redis_dr.tasks.engine.processes import NotListed, server_processes
from redis_dr.tasks.engine.sandbox import SERVES, Access, Sandbox, info_fields
from redis_dr.tasks.engine.shell import Shell
from redis_dr.tasks.model.errors import RedisDrError, Unreachable
from redis_dr.tasks.model.server.companions import Companion, ServerProcess, ServersInside
from redis_dr.tasks.model.server.neighbours import serves
from redis_dr.tasks.model.server.survey import Survey
from redis_dr.tasks.model.settings.instance import Instance
from redis_dr.tasks.observe.login import client_login, tls_arguments
from redis_dr.tasks.step import step

_ANSWER_SECONDS = 5  # for a client in the container


@dataclass(frozen=True, slots=True)
class _Answer:
    """What answered at one address in the container; no fields: it hangs, or refuses the client."""

    port: int
    info: Mapping[str, str]


@step
def servers_inside(instance: Instance, found: Survey, running: Mapping[str, str]) -> ServersInside:
    """The servers in the container; `running` are the settings of the one at the url.

    Where that one does not answer, every server that serves or hangs in there counts as another
    one: whether it is the instance's is not known. Raises Unreachable.
    """
    container = found.container
    if not container.running:
        return ServersInside(unknown=f"the container is {container.status}")
    processes, unknown = _processes(container.id)
    pid = found.info.process_id if found.info else 0
    own = next((one for one in processes if one.pid == pid), None)
    if own is None and found.info and len(processes) == 1:
        own = processes[0]  # it lives in the numbers of another namespace
    others = [one for one in processes if one is not own]
    if not others or (own is None and found.refuses):
        return ServersInside(own, unknown=unknown)
    answers: Sequence[_Answer] = ()
    if not shares_host_network(container.id):
        answers = tuple(_answers(instance, found, running))
    if found.info is None and not answers:
        return ServersInside(unknown=unknown)  # it starts, or loads: it has served nobody yet
    return ServersInside(own, tuple(_companion(one, answers) for one in others), unknown)


def _processes(container_id: str) -> tuple[tuple[ServerProcess, ...], str]:
    try:
        return server_processes(container_id), ""
    except NotListed as error:
        titles = process_titles(container_id) or ()
        found = tuple(ServerProcess(0, title) for title in titles if serves(title))
        return tuple(one for one in found if not one.fork), error.problem


def _answers(instance: Instance, found: Survey, running: Mapping[str, str]) -> Iterator[_Answer]:
    """Of every address that somebody listens at in there."""
    container, login = found.container, client_login(instance)
    with closing(Shell(container.id)) as shell:
        for access in accesses(container.id, login, tls_arguments(running)):
            client = Sandbox(container.id, container.name, shell, access, _ANSWER_SECONDS)
            try:
                _, text = client.ask("INFO", "everything")
            except Unreachable:
                yield _Answer(_port(access), {})
                continue
            except RedisDrError:
                return  # the container ended
            info = info_fields(text)
            loading = info.get("loading") == "1" and found.info is None
            if not loading and ("run_id" in info or SERVES.search(text)):
                yield _Answer(_port(access), info if "run_id" in info else {})


def _port(access: Access) -> int:
    with suppress(ValueError):
        return int(access.arguments[access.arguments.index("-p") + 1])
    return 0


def _companion(process: ServerProcess, answers: Sequence[_Answer]) -> Companion:
    for answer in answers:
        info = answer.info
        if info.get("process_id") == str(process.pid) and (
            not process.ports or answer.port in {0, *process.ports}
        ):
            return _described(process, answer)
    return Companion(process)


def _described(process: ServerProcess, answer: _Answer) -> Companion:
    info = answer.info
    master = f"{info.get('master_host', '')}:{info.get('master_port', '')}"
    whole = ("aof_rewrite_in_progress", "aof_rewrite_scheduled", "loading")
    return Companion(
        process=process,
        answers=True,
        master=master if info.get("role") == "slave" else "",
        append_only=info.get("aof_enabled") == "1"
        and info.get("aof_last_write_status") == "ok"
        and all(info.get(name) == "0" for name in whole),
        keys=sum(_keys(value) for name, value in info.items() if _is_database(name)),
        port=answer.port,
    )


def _is_database(name: str) -> bool:
    return name.startswith("db") and name[2:].isdecimal()


def _keys(value: str) -> int:
    number = value.partition("keys=")[2].partition(",")[0]
    return int(number) if number.isdecimal() else 0
