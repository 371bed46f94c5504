"""May a verb begin, by what the server answered to the probe of its commands?"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from redis_dr.tasks.model.errors import Refused
from redis_dr.tasks.model.report import Finding
from redis_dr.tasks.model.server.rights import NAME, NEEDS, Need, key_patterns
from redis_dr.tasks.model.server.survey import Survey

Answer = Literal["allowed", "denied", "key denied", "missing", "unknown"]


@dataclass(frozen=True, slots=True)
class Rights:
    """What the server answered to the probe for one verb."""

    verb: str = ""
    user: str = "default"
    answers: Mapping[str, Answer] = field(default_factory=dict)  # empty: it was not asked

    def lacks(self, *names: str) -> tuple[str, ...]:
        """Of these commands, those that are known to be refused."""
        refused = {"denied", "key denied", "missing"}
        return tuple(name for name in names if self.answers.get(name) in refused)

    @property
    def unanswered(self) -> tuple[str, ...]:
        """Commands whose probe was answered with neither yes nor no (the server loads)."""
        return tuple(name for name, answer in self.answers.items() if answer == "unknown")


NOT_ASKED = Rights()


def answer_of(text: str | None) -> Answer:
    """What the reply to a probe says; None for a reply that is no error."""
    if text is None:
        return "allowed"
    plain = text.lower()
    if "unknown command" in plain or "unknown subcommand" in plain:
        return "missing"
    if "no permissions to access" in plain:
        return "key denied"
    if "no permission" in plain or plain.startswith("noperm"):
        return "denied"
    passing = ("loading", "busy", "masterdown", "tryagain")
    return "unknown" if plain.startswith(passing) else "allowed"


def judge_rights(rights: Rights) -> tuple[Finding, ...]:
    """One finding for each need that is not met; a bad one where the verb cannot do without."""
    if not rights.answers:
        return ()
    unmet = [
        finding
        for need in NEEDS[rights.verb]
        for finding in _judged(need, rights)
        if need.required or need is not NAME
    ]
    if unmet:
        return tuple(unmet)
    unknown = ", ".join(name.upper() for name in rights.unanswered)
    detail = f"not known now, the server is loading or busy: {unknown}" if unknown else ""
    actual = "allowed" if not unknown else "unknown"
    check = f"commands that {rights.verb} needs"
    return (Finding(check=check, ok=True, actual=actual, detail=detail),)


def require_rights(rights: Rights) -> Rights:
    """The rights themselves. Raises Refused that names everything that is missing."""
    bad = [finding for finding in judge_rights(rights) if not finding.ok]
    if not bad:
        return rights
    named = "; ".join(f"{one.check} is {one.actual}" for one in bad)
    raise Refused(
        f"{rights.verb} did not begin: {named}",
        "; ".join(dict.fromkeys(one.detail for one in bad)) + "; docs/acl.md has the whole list",
    )


def restore_rights(rights: Rights, survey: Survey) -> tuple[Finding, ...]:
    """The gates of a restore, for `check` and `init` as well."""
    info, settings = survey.info, survey.persistence
    if info is None or settings is None:
        return judge_rights(rights)
    stop = judge_stop(rights, aof=info.aof_enabled, save=settings.save)
    return (*judge_rights(rights), *stop)


def judge_stop(rights: Rights, *, aof: bool, save: str) -> tuple[Finding, ...]:
    """Whether a server without an append-only file can be stopped without losing a write.

    The engine's signal makes it save only where save points are set; where they cannot be set
    and writes cannot be held either, what clients write after the last save would be lost.
    """
    ways = ("shutdown", "config|set", "client|pause")
    if aof or save or len(rights.lacks(*ways)) < len(ways):
        return ()
    grants = "; ".join(_remedy(rights, name, ("",)) for name in ways)
    return (
        Finding(
            check="a stop that loses nothing",
            ok=False,
            expected="SHUTDOWN, CONFIG SET or CLIENT PAUSE",
            actual=f"all three are refused to user {rights.user}, and no save points are set",
            detail=f"one of: {grants}",
        ),
    )


def _judged(need: Need, rights: Rights) -> Iterable[Finding]:
    lacking = rights.lacks(*need.commands)
    if need.required:
        for name in lacking:
            yield Finding(
                check=f"{name.replace('|', ' ').upper()}, which {rights.verb} needs",
                ok=False,
                expected="allowed",
                actual=_state(rights, name),
                detail=f"to {need.purpose}: {_remedy(rights, name, key_patterns(need))}",
            )
    elif lacking:
        names = ", ".join(name.replace("|", " ").upper() for name in lacking)
        yield Finding(
            check=f"done without {names}",
            ok=True,
            actual=_state(rights, lacking[0]),
            detail=need.without,
        )


def _state(rights: Rights, name: str) -> str:
    if rights.answers[name] == "missing":
        return "renamed or disabled"
    keys = " on its keys" if rights.answers[name] == "key denied" else ""
    return f"denied to user {rights.user}{keys}"


def _remedy(rights: Rights, name: str, keys: tuple[str, ...]) -> str:
    if rights.answers[name] == "missing":
        command = name.partition("|")[0].upper()
        return f"take `rename-command {command}` out of the server's configuration"
    pattern = " ".join(keys) if rights.answers[name] == "key denied" else f"+{name}"
    return f"ACL SETUSER {rights.user} {pattern or '~*'}"
