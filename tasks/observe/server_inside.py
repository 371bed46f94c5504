"""Who answers in the instance's container: asked there, by the image's own client."""

import contextlib
from collections.abc import Mapping

from redis_dr.tasks.engine.exec import ScriptFailed
from redis_dr.tasks.engine.inside import accesses, process_started_at
from redis_dr.tasks.engine.networks import shares_host_network
from redis_dr.tasks.engine.sandbox import Sandbox, SandboxFailed, info_fields
from redis_dr.tasks.engine.shell import Shell
from redis_dr.tasks.model.errors import Unreachable
from redis_dr.tasks.model.server.server_inside import ServerInside
from redis_dr.tasks.model.server.survey import Survey
from redis_dr.tasks.model.settings.instance import Instance
from redis_dr.tasks.observe.login import client_login, tls_arguments
from redis_dr.tasks.step import step

_ANSWER_SECONDS = 10


@step
def server_inside(instance: Instance, found: Survey, running: Mapping[str, str]) -> ServerInside:
    """Its run_id; where no client can ask, the start of the process that the url's server names.

    `running` are the settings of the server at the url. Raises Unreachable.
    """
    if found.info is None:
        return ServerInside(unknown="the server at the url does not answer")
    run_ids: list[str] = []
    if shares_host_network(found.container.id):
        problem = "on the host's network a client in there may reach another server"
    else:
        run_ids, problem = _run_ids(instance, found, running)
    # more than one server may run in one container; the url's is one of them, or it is not there
    if found.info.run_id in run_ids:
        return ServerInside(found.info.run_id)
    if run_ids:
        return ServerInside(run_ids[0])
    started = process_started_at(found.container.id, found.info.process_id)
    return ServerInside(started_at=started, unknown=problem)


def _run_ids(
    instance: Instance, found: Survey, running: Mapping[str, str]
) -> tuple[list[str], str]:
    assert found.info is not None  # noqa: S101 the caller looked
    container, name = found.container.id, found.container.name
    port = next((p for p in (running.get("port"), running.get("tls-port")) if p and p != "0"), "")
    run_ids: list[str] = []
    problem = f"nobody listens in {name}"
    ways = accesses(container, client_login(instance), tls_arguments(running), int(port or 6379))
    with contextlib.closing(Shell(container)) as shell:
        for access in ways:
            try:
                client = Sandbox(container, name, shell, access, _ANSWER_SECONDS)
                _, answer = client.ask("INFO", "server")
            except Unreachable as error:  # another server in there may hang
                problem = error.problem
                continue
            except (SandboxFailed, ScriptFailed) as error:
                return run_ids, error.problem
            run_id = info_fields(answer).get("run_id", "")
            if run_id:
                run_ids.append(run_id)
            else:
                problem = f"the client in {name} answered {answer.splitlines()[:1] or 'nothing'}"
            if run_id == found.info.run_id:
                break
    return run_ids, problem
