"""Which commands each verb needs of the server, and what it does where one is denied.

One table: the probe before an operation asks by it, gates are judged by it, docs/acl.md is made
from it. A command that no verb names here is one that no verb may rely on.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, Literal

Keys = Literal["", "every key", "epochs"]

# name, as ACL SETUSER knows it -> a call that changes nothing and costs nothing. A syntax error
# counts as allowed: the server looks at a command's rights before it looks at its arguments.
# {key} does not exist; {hash} and {counter} are those of the epochs
PROBES: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        "acl|users": (),
        "bgsave": ("redis-dr-probe",),
        "client|list": ("ID", "0"),
        "client|pause": ("redis-dr-probe",),
        "client|setname": ("redis-dr",),
        "command|info": ("get",),
        "config|get": ("dir",),
        "config|set": ("redis-dr-probe", "0"),
        "dbsize": (),
        "dump": ("{key}",),
        "eval_ro": ("return 1", "0"),
        "exec": (),  # without MULTI
        "exists": ("{key}",),
        "flushall": ("redis-dr-probe",),
        "flushdb": ("redis-dr-probe",),
        "get": ("{counter}",),
        "hget": ("{hash}", "redis-dr-probe"),
        "hgetall": ("{counter}",),  # not the hash: it may be large
        "hincrby": ("{hash}", "redis-dr-probe", "none"),
        "hlen": ("{hash}",),
        "incrby": ("{counter}", "none"),
        "info": ("server",),
        "memory|usage": ("{key}",),
        "pexpiretime": ("{key}",),
        "ping": (),
        "pttl": ("{key}",),
        "pubsub|numsub": ("redis-dr-probe",),
        "scan": ("0", "COUNT", "1"),
        "select": ("0",),
        "shutdown": ("redis-dr-probe",),
        "slowlog|get": ("1",),
        "time": (),
        "type": ("{counter}",),
        "unlink": ("{key}",),
    }
)


@dataclass(frozen=True, slots=True)
class Need:
    """Commands that serve one purpose together: without one of them the others are of no use."""

    commands: tuple[str, ...]
    purpose: str
    without: str = ""  # what happens instead; "" means that the verb cannot do without
    keys: Keys = ""  # that the commands read or write

    @property
    def required(self) -> bool:
        """Whether the verb is refused without it."""
        return not self.without

    @property
    def rules(self) -> tuple[str, ...]:
        """As ACL SETUSER takes them."""
        return tuple(f"+{name}" for name in self.commands)


NAME = Need(("client|setname",), "name its connections redis-dr", "they have no name")
_SURVEY = (
    Need(("info", "time"), "see the state of the server"),
    Need(("config|get",), "find the data files"),
)
_LOOK = Need(("info",), "see which databases hold keys")
_OTHER_DB = Need(("select",), "reach a database other than 0", "only DB 0 is reached")
_SAVE = Need(("bgsave",), "save what it holds")
_STOP = (
    Need(
        ("config|set",),
        "stop without a last save where the append-only file is on",
        "the stop takes as long as a save",
    ),
    Need(
        ("shutdown",),
        "let the server refuse a stop whose last save fails",
        "BGSAVE shows that it can save, then the engine stops it",
    ),
)
_COMPARE = Need(
    ("dump", "pexpiretime", "select"),
    "compare key by key",
    "the restored keys are compared by a save that is read back",
    keys="every key",
)
_WRITERS = Need(
    ("command|info",),
    "tell which commands of clients write",
    "a built-in table of commands tells it",
)
_RESTART = Need(("ping",), "see that the server serves after the start")
_PASS = (Need(("scan",), "walk over the keys"), Need(("unlink",), "remove keys", keys="every key"))

NEEDS: Final[Mapping[str, tuple[Need, ...]]] = MappingProxyType(
    {
        "backup": (
            *_SURVEY,
            _SAVE,
            Need(
                ("config|set",),
                "keep a server writable whose save failed because of us",
                "with save points it refuses writes until a save succeeds",
            ),
            NAME,
        ),
        "restore": (
            *_SURVEY,
            _SAVE,
            _RESTART,
            Need(("pubsub|numsub",), "see Sentinels that would replace the restored data"),
            Need(
                ("client|list", "subscribe"),
                "name those Sentinels",
                "the commands that hold them back name no addresses",
            ),
            _COMPARE,
            _WRITERS,
            *_STOP,
            Need(
                ("client|pause",),
                "hold writes while the epochs are read before the stop",
                "an epoch raised in the last moment before the stop may be lost",
            ),
            Need(
                ("exists", "type", "get", "hgetall", "hincrby", "incrby"),
                "raise epochs above what they were right before the stop",
                "epochs raised between the last save and the stop may be lost",
                keys="epochs",
            ),
            Need(
                ("acl|users",),
                "name the users that a restart forgets",
                "users that are only in memory are not named",
            ),
            Need(
                ("eval_ro",),
                "compare data of a format newer than this release",
                "such data is counted, not compared",
                keys="every key",
            ),
            NAME,
        ),
        # after the start of a server that was dead: what was not asked before
        "compare": (
            Need(("info", "time"), "see the state of the server"),
            _COMPARE,
            _WRITERS,
            Need(("config|get", "bgsave"), "compare by a save", "keys are counted, not compared"),
        ),
        "recover": (
            Need(("info", "time"), "see the state of the server"),
            _RESTART,
            Need(
                ("config|get",),
                "find the data directory",
                "its journal, `data_dir` or the container's mounts tell it",
            ),
            *_STOP,
            Need(
                ("client|pause",),
                "see that no client writes to new data that is taken away",
                "the new data is kept in a folder of its own",
            ),
            NAME,
        ),
        "check": (*_SURVEY, NAME),
        "health": (
            Need(("info", "ping"), "see the state of the server"),
            Need(("config|get",), "compare its settings with [server]"),
            NAME,
        ),
        "config check": (
            Need(("info", "config|get"), "compare its settings with [server]"),
            NAME,
        ),
        "init": (
            _LOOK,
            Need(("config|get",), "copy its settings"),
            Need(("scan",), "sample keys"),
            Need(("pttl",), "see how long the keys live", keys="every key"),
            _OTHER_DB,
            NAME,
        ),
        "top": (
            _LOOK,
            Need(("scan",), "sample keys"),
            Need(("memory|usage", "type"), "weigh keys", keys="every key"),
            Need(("slowlog|get", "client|list"), "show slow commands and clients"),
            _OTHER_DB,
            NAME,
        ),
        "keys audit": (
            _LOOK,
            Need(("scan",), "sample keys"),
            Need(("pttl",), "see how long the keys live", keys="every key"),
            _OTHER_DB,
            NAME,
        ),
        "flush --db": (
            _LOOK,
            Need(("multi", "exec", "dbsize", "flushdb"), "empty a database and count it"),
            _OTHER_DB,
            NAME,
        ),
        "flush --all": (
            _LOOK,
            Need(("multi", "exec", "flushall"), "empty all databases and count them"),
            NAME,
        ),
        "flush --pattern": (_LOOK, *_PASS, _OTHER_DB, NAME),
        # under the lock of an instance, where the policy asks for a backup
        "flush": (*_SURVEY, NAME),
        "invalidate": (
            *_PASS,
            Need(("exists",), "count keys", keys="every key"),
            _OTHER_DB,
            NAME,
        ),
        "epoch show": (
            Need(("get", "hget", "hlen"), "read the epochs", keys="epochs"),
            _OTHER_DB,
            NAME,
        ),
        "epoch bump": (
            Need(("get", "hget", "hlen"), "read the epochs", keys="epochs"),
            Need(("multi", "exec", "incrby", "incr", "hincrby"), "raise the epochs", keys="epochs"),
            _OTHER_DB,
            NAME,
        ),
        "warm": (
            Need(("info", "ping"), "see that the server serves"),
            Need(("scan",), "count cached answers"),
            Need(("exists",), "see which answers are cached", keys="every key"),
            _OTHER_DB,
            NAME,
        ),
        "monitor": (Need(("monitor",), "listen to what clients send", keys=""), NAME),
    }
)


def probes_of(verb: str) -> dict[str, tuple[str, ...]]:
    """The commands that a verb needs and that can be tried without harm, with the call."""
    named = dict.fromkeys(name for need in NEEDS[verb] for name in need.commands)
    return {
        name: (*(word.upper() for word in name.split("|")), *PROBES[name])
        for name in named
        if name in PROBES
    }


def key_patterns(need: Need, namespace: str = "NAMESPACE") -> tuple[str, ...]:
    """The keys of a need, as ACL SETUSER takes them."""
    return {"": (), "every key": ("~*",), "epochs": (f"~{namespace}:*",)}[need.keys]


def smallest_acl(verb: str, namespace: str = "NAMESPACE", *, whole: bool = False) -> str:
    """The rules of a user that suffice for a verb; `whole`: with all that it can do without."""
    needs = [need for need in NEEDS[verb] if whole or need.required]
    rules = dict.fromkeys(rule for need in needs for rule in need.rules)
    keys = dict.fromkeys(one for need in needs for one in key_patterns(need, namespace))
    if "~*" in keys:
        keys = {"~*": None}
    return " ".join(["resetkeys", "resetchannels", "-@all", *keys, *rules])
