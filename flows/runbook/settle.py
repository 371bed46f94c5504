"""Finish or undo what a dead operation left on the instance; harmless when there is nothing."""

from dataclasses import dataclass

from tasks.engine.container import inspect
from tasks.engine.hands import Hands
from tasks.engine.sandbox import remove_sandbox
from tasks.journaling import end, read
from tasks.model.journal import BEFORE_STOP, Journal, Phase, will_finish
from tasks.model.report import Finding
from tasks.model.say import Say
from tasks.model.settings.instance import Instance
from tasks.model.volume import Layout
from tasks.set_aside import sweep_set_aside
from tasks.stopping import await_server, halt, restore_policy, start_server
from tasks.swapping import remove_home, undo
from tasks.trial import sandbox_name


@dataclass(frozen=True, slots=True)
class Settled:
    """What was found, and what became of it."""

    journal: Journal
    phase: Phase
    outcome: str  # finished | undone | cleared
    findings: tuple[Finding, ...]


def settle(hands: Hands, instance: Instance, folder: str, say: Say) -> Settled | None:
    """Bring the volume to the old data or the new, whole, and the server up if it was.

    `folder` is the server's data directory. Idempotent: cut off anywhere, the next call goes on.
    """
    found = read(hands, Layout(folder, hands.holder.id))
    remove_sandbox(sandbox_name(instance.container))
    if found is None:
        sweep_set_aside(hands, Layout(folder, "").folder, instance.restore.set_aside_hours)
        return None
    journal, phase = found
    say(f"a restore of {journal.backup_id} died while {phase}: {_will(phase)}")
    layout = Layout(journal.dir, journal.operation_id)
    if phase in BEFORE_STOP:
        findings = _clear(hands, instance, journal)
    else:
        findings = _return(hands, instance, (journal, phase), say)
    remove_home(hands, layout, keep_old=will_finish(phase))
    end(hands, layout)
    return Settled(journal, phase, _outcome(phase), findings)


def put_back(hands: Hands, instance: Instance, journal: Journal, say: Say) -> tuple[Finding, ...]:
    """The old data again, served as before; also the way back of a restore that failed."""
    layout = Layout(journal.dir, journal.operation_id)
    halt(hands, instance)
    findings = [undo(hands, layout, journal)]
    restore_policy(instance, journal)
    if journal.was_running:
        findings.append(_served(hands, instance, journal, say))
    return tuple(findings)


def _clear(hands: Hands, instance: Instance, journal: Journal) -> tuple[Finding, ...]:
    # nothing was stopped or moved yet; only a person or a crash can have stopped the server since
    restore_policy(instance, journal)
    if journal.was_running and not inspect(instance.container).running:
        start_server(hands, instance)
    return (Finding(check="nothing had been changed", ok=True),)


def _return(
    hands: Hands, instance: Instance, left: tuple[Journal, Phase], say: Say
) -> tuple[Finding, ...]:
    journal, phase = left
    if not will_finish(phase):
        return put_back(hands, instance, journal, say)
    restore_policy(instance, journal)
    if not inspect(instance.container).running:
        start_server(hands, instance)
    info = await_server(instance, say)
    keys = {db: one.keys for db, one in info.keyspace.items()}
    return (Finding(check="the proven new data is served", ok=True, actual=keys),)


def _served(hands: Hands, instance: Instance, journal: Journal, say: Say) -> Finding:
    start_server(hands, instance)
    if not journal.answered:
        return Finding(check="started as it was before", ok=True, detail="it did not answer then")
    info = await_server(instance, say)
    keys = {db: one.keys for db, one in info.keyspace.items()}
    empty = bool(sum(journal.keys.values())) and not sum(keys.values())
    return Finding(check="the old data is served", ok=not empty, expected=journal.keys, actual=keys)


def _will(phase: Phase) -> str:
    if phase in BEFORE_STOP:
        return "nothing had been changed, its files are cleared away"
    return "the new data was proven and stays" if will_finish(phase) else "the old data comes back"


def _outcome(phase: Phase) -> str:
    if phase in BEFORE_STOP:
        return "cleared"
    return "finished" if will_finish(phase) else "undone"
