"""Who may log in after the restart: users live beside the data, and no backup holds them."""

import hashlib
from dataclasses import dataclass
from typing import Literal

from redis_dr.tasks.model.report import Finding


@dataclass(frozen=True, slots=True)
class Users:
    """The users of a running server, and where it will read them from when it starts."""

    names: tuple[str, ...]
    file: str  # aclfile, "" for none: then the configuration file
    written: tuple[str, ...] | None  # names in that file; None: it cannot be seen from the volume

    @property
    def lost(self) -> tuple[str, ...]:
        """Known to the running server only (facts/redis.md 15). `default` is always there."""
        if self.written is None:
            return ()
        return tuple(one for one in self.names if one not in {*self.written, "default"})


def names_in(text: str) -> tuple[str, ...]:
    """Of an ACL file, or of a configuration file: `user NAME rule ...`, one a line."""
    lines = (line.split() for line in text.splitlines())
    return tuple(words[1] for words in lines if len(words) > 1 and words[0].lower() == "user")


def opens(text: str, user: str, password: str) -> Literal["accepted", "refused", "unknown"]:
    """Whether a password opens the user that a file's lines describe.

    Unknown for `default` where no line describes it: requirepass may.
    """
    lines = [line.split() for line in text.splitlines()]
    rules = [words[2:] for words in lines if words[:1] and words[0].lower() == "user"]
    names = [words[1] for words in lines if words[:1] and words[0].lower() == "user" and words[1:]]
    found = dict(zip(names, rules, strict=False))
    if user not in found:
        return "unknown" if user == "default" else "refused"
    digest = hashlib.sha256(password.encode()).hexdigest()
    on = free = right = False
    for rule in found[user]:
        on = rule == "on" or (on and rule not in {"off", "reset"})
        if rule in {"nopass", "resetpass", "reset"}:
            free, right = rule == "nopass", False
        elif rule[:1] in {">", "#"}:
            free, right = False, right or rule in {f">{password}", f"#{digest}"}
        elif rule in {f"<{password}", f"!{digest}"}:
            right = False
    return "accepted" if on and (free or right) else "refused"


def users_note(users: Users | None, configured: str = "") -> tuple[Finding, ...]:
    """What the restart does to them; shut when it forgets the user that we log in as.

    A restore does nothing to them.
    """
    if users is None:
        return ()
    place = users.file or "the configuration"
    detail = f"{place} is no part of a backup and stays as it is"
    if users.written is None:
        detail += "; it cannot be read here, so users that are only in memory cannot be told"
    if users.lost:
        cure = "ACL SAVE writes them down" if users.file else "write them into it"
        detail = f"not in {place}, so gone after the restart: {', '.join(users.lost)}; {cure}"
    ok = configured not in users.lost
    if not ok:
        detail += f"; redis-dr logs in as {configured}, which the restart would refuse"
    names = ", ".join(users.names)
    return (Finding(check="users (ACL)", ok=ok, actual=names, detail=detail),)
