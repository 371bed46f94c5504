"""Whether a restore would be allowed to begin, without one: for `check` and `init`."""

from redis_dr.tasks.engine.exec import run_in
from redis_dr.tasks.model.backup.manifest import Manifest
from redis_dr.tasks.model.report import Finding
from redis_dr.tasks.model.restore.instance_gates import InstanceFacts, instance_gates
from redis_dr.tasks.model.restore.next_start_gates import Ahead, StartFacts, next_start_gates
from redis_dr.tasks.model.restore.restore_gates import modules_gate, space_gate
from redis_dr.tasks.model.settings.instance import Instance
from redis_dr.tasks.observe.instance_facts import InstanceQuestion, instance_facts, known_dir
from redis_dr.tasks.observe.next_start import running_settings
from redis_dr.tasks.observe.server_inside import server_inside
from redis_dr.tasks.observe.survey import FREE, survey
from redis_dr.tasks.observe.written_start import written_start
from redis_dr.tasks.server.connection import ServerConnection

_LOOK_SECONDS = 30


def judge_restorable(instance: Instance, newest: Manifest | None = None) -> tuple[Finding, ...]:
    """The gates that need no download; nothing is written, and no helper container is started.

    `newest` is the backup that a restore would take. Raises UsageError for a wrong password,
    Unreachable when the engine does not answer.
    """
    with ServerConnection(instance) as server:
        found = survey(server, "restore")
        running = running_settings(server) if found.answers else {}
        inside = server_inside(instance, found, running) if found.answers else None
        question = InstanceQuestion(found, known_dir(instance, found), inside, running)
        facts = instance_facts(server, question)
        written, limit = written_start(instance, found), found.container.memory_limit
        start = _next_start(facts, newest, Ahead(running, written, inside, limit))
    of_backup = _of_backup(facts, newest, instance) if newest else ()
    return (*instance_gates(facts), *start, *of_backup)


def _next_start(facts: InstanceFacts, newest: Manifest | None, ahead: Ahead) -> tuple[Finding, ...]:
    info = facts.survey.info
    if info is None:
        return ()
    return next_start_gates(
        StartFacts(
            ahead=ahead,
            container=facts.survey.container,
            config_file=info.config_file,
            used_memory=newest.used_memory if newest else 0,
            recorded=newest.persistence.settings() if newest else {},
        )
    )


def refused(gates: tuple[Finding, ...]) -> tuple[Finding, ...]:
    """The gates that are shut; one good finding when none is."""
    shut = tuple(gate for gate in gates if not gate.ok)
    return shut or (
        Finding(check="a restore may begin", ok=True, actual=f"{len(gates)} gates are open"),
    )


def _of_backup(facts: InstanceFacts, newest: Manifest, instance: Instance) -> tuple[Finding, ...]:
    info, container = facts.survey.info, facts.survey.container
    if info is None or not container.running:
        return ()
    modules = modules_gate(newest, info, trial=instance.restore.trial)
    code, output = run_in(
        container.id, ["sh", "-c", FREE, "redis-dr", facts.dir], seconds=_LOOK_SECONDS
    )
    if code != 0:  # an image without a shell: the restore asks its helper container
        return (modules,)
    return (modules, space_gate(needed=newest.rdb.size * 2, free=int(output)))
