"""docs/acl.md: the commands of the server that each verb needs, from the table that gates use."""

from collections.abc import Iterator

from docs.generate.markdown import page, table
from redis_dr.tasks.model.server.rights import NEEDS, Need, key_patterns, smallest_acl

ABOUT = """
The commands of Redis that each verb uses, the smallest ACL that suffices for it, and what is done
where a command is denied, renamed or disabled. Before a verb touches anything it tries each of
them by a call that changes nothing; a command that is missing and cannot be done without is named,
and nothing is begun. `redis-dr restore --dry-run` shows the same as gates.

`drill`, `verify`, `list` and the other verbs that read only the store ask nothing of the server.
Write `PASSWORD` and, for the epochs, `NAMESPACE` (`[epochs] namespace`) as yours are. A user that
is only in memory is gone after a restart: `ACL SAVE`, or a `user` line in the configuration.

A container's own health check and its entrypoint are not part of this. The probe of a denied
command leaves an entry in `ACL LOG`.
"""
HEAD = ("commands", "keys", "to", "without them")
NOTES = {
    "flush": "Beside the rules of the flush itself, where the policy of a database asks for a "
    "backup; those of `backup` are needed as well when none is fresh.",
    "compare": "After a restore of a server that did not answer before: what could not be asked.",
    "recover": "The same holds at the beginning of every verb that finds an unfinished restore.",
}


def render() -> str:
    """The page."""
    return page("What redis-dr needs of the server", ABOUT, _verbs())


def _verbs() -> Iterator[str]:
    for verb, needs in NEEDS.items():
        rows = [_row(need) for need in needs]
        smallest, whole = (smallest_acl(verb, whole=every) for every in (False, True))
        note = f"{NOTES[verb]}\n\n" if verb in NOTES else ""
        users = f"# suffices\n{_set(smallest)}\n# with all that it can do without\n{_set(whole)}"
        yield f"## {verb}\n\n{note}{table(HEAD, rows)}\n\n```text\n{users}\n```"


def _row(need: Need) -> tuple[str, str, str, str]:
    commands = ", ".join(f"`{name.replace('|', ' ').upper()}`" for name in need.commands)
    keys = " ".join(f"`{one}`" for one in key_patterns(need))
    return (commands, keys, need.purpose, need.without or "refused")


def _set(rules: str) -> str:
    return f"ACL SETUSER redis-dr on >PASSWORD {rules}"
