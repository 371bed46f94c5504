"""Who may log in after the restart: users live beside the data, and no backup holds them."""

from dataclasses import dataclass

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


def users_note(users: Users | None) -> tuple[Finding, ...]:
    """What a restore does to them: nothing; and what the restart does. Never shut."""
    if users is None:
        return ()
    place = users.file or "the configuration"
    detail = f"{place} is no part of a backup and stays as it is"
    if users.written is None:
        detail += "; it cannot be read here, so users that are only in memory cannot be told"
    if users.lost:
        cure = "ACL SAVE writes them down" if users.file else "write them into it"
        detail = f"not in {place}, so gone after the restart: {', '.join(users.lost)}; {cure}"
    check = "users (ACL)"
    return (Finding(check=check, ok=True, actual=", ".join(users.names), detail=detail),)
