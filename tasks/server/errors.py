"""The one place where redis-py's errors become ours. No text of ours holds a password."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from redis import exceptions as theirs

from redis_dr.tasks.model.errors import NotReady, RedisDrError, Refused, Unreachable, UsageError

_CREDENTIALS: Final = (
    "set REDIS_PASSWORD or password_file (and username) to what the server expects"
)

# first word of an error reply -> class, sentence, remedy
_REPLIES: Final[dict[str, tuple[type[RedisDrError], str, str]]] = {
    "NOAUTH": (UsageError, "demands a password and none was given", _CREDENTIALS),
    "WRONGPASS": (UsageError, "refuses the password", _CREDENTIALS),
    "NOPERM": (
        UsageError,
        "does not allow this user that command",
        "give the user the rights by ACL SETUSER, or name another by `username`",
    ),
    "LOADING": (NotReady, "is loading its data set", "wait; `redis-dr health` says how far it is"),
    "BUSY": (NotReady, "is busy with a script", "wait, or end the script by SCRIPT KILL"),
    "MASTERDOWN": (NotReady, "is a replica without its master", "restore the link to the master"),
    "TRYAGAIN": (NotReady, "asks to try again", "run the command again"),
    "MISCONF": (
        RedisDrError,
        "takes no writes, because its last save failed",
        "see its log and the free space of its volume; `redis-dr health` shows the save status",
    ),
    "READONLY": (
        Refused,
        "is a replica and takes no writes",
        "configure the master's url for this instance",
    ),
    "OOM": (
        RedisDrError,
        "is over maxmemory and takes no writes",
        "raise maxmemory, or choose an eviction policy",
    ),
    "NOREPLICAS": (
        RedisDrError,
        "takes no writes without enough replicas",
        "see `redis-dr health`, then the replicas",
    ),
    "EXECABORT": (RedisDrError, "dropped a transaction", "run the command again"),
}

# redis-py has classes for some of the replies and takes the first word away
_KINDS: Final[tuple[tuple[type[Exception], str], ...]] = (
    (theirs.BusyLoadingError, "LOADING"),
    (theirs.NoPermissionError, "NOPERM"),
    (theirs.ReadOnlyError, "READONLY"),
    (theirs.OutOfMemoryError, "OOM"),
    (theirs.ExecAbortError, "EXECABORT"),
    (theirs.AuthenticationError, "WRONGPASS"),
    (theirs.AuthenticationWrongNumberOfArgsError, "WRONGPASS"),
    (theirs.AuthorizationError, "NOPERM"),
)


@contextmanager
def redis_errors(instance_name: str) -> Iterator[None]:
    """Around every use of a client: what redis-py raises inside leaves as one of ours."""
    try:
        yield
    except (theirs.RedisError, theirs.RedisClusterException, theirs.ChildDeadlockedError) as error:
        raise translate(error, instance_name) from error


def answered(error: BaseException | None) -> bool:
    """Whether a server was there and refused: it runs, and what it holds may be in memory only."""
    while error is not None:
        full = isinstance(error, theirs.ConnectionError) and "max number of clients" in str(error)
        if full or isinstance(error, theirs.ResponseError):
            return True
        error = error.__cause__
    return False


def timed_out(error: BaseException | None) -> bool:
    """Whether nothing answered in time: a server that hangs may hold what no file has."""
    while error is not None:
        if isinstance(error, theirs.TimeoutError):
            return True
        error = error.__cause__
    return False


def translate(error: Exception, name: str) -> RedisDrError:
    """Ours for one of theirs. `name` is the instance's, for the sentence."""
    if isinstance(error, theirs.NoPermissionError):
        return _denied(error, name)
    for kind, word in _KINDS:
        if isinstance(error, kind):
            return _reply(_without_password(error) or word, name)
    if isinstance(error, theirs.TimeoutError):
        return NotReady(
            f"{name} did not answer in time: {_text(error)}",
            "see whether it is overloaded or stopped; [resilience] timeout_seconds is the limit",
        )
    if isinstance(error, theirs.ConnectionError):
        return _connection(error, name)
    return _other(error, name)


def _denied(error: Exception, name: str) -> RedisDrError:
    """The server's own words name the command."""
    kind, _, remedy = _REPLIES["NOPERM"]
    text = _text(error).removeprefix("NOPERM").strip()
    return kind(f"{name} does not allow that: {text}", f"{remedy}; docs/acl.md lists them")


def _reply(word: str, name: str) -> RedisDrError:
    kind, sentence, remedy = _REPLIES[word]
    return kind(f"{name} {sentence}", remedy)


def _without_password(error: Exception) -> str | None:
    missing = isinstance(error, theirs.AuthenticationError) and "required" in str(error)
    return "NOAUTH" if missing else None


def _connection(error: Exception, name: str) -> RedisDrError:
    text = _text(error)
    if isinstance(error, theirs.MaxConnectionsError) or "No connection available" in text:
        return NotReady(
            f"{name}: all connections of the pool are taken",
            "raise [resilience] max_connections, or do less at once",
        )
    # a proxy in front of a server that is not up yet ends the handshake: that passes
    cut = any(words in text for words in ("EOF", "reset by peer"))
    if not cut and any(word in text.upper() for word in ("CERTIFICATE", "SSL", "TLS")):
        return UsageError(f"{name}: the TLS handshake failed: {text}", _tls_remedy(text.lower()))
    return NotReady(
        f"{name} cannot be reached: {text}",
        "see that its container runs, and that `url` is its address as this machine reaches it",
    )


def _tls_remedy(text: str) -> str:
    words = text.replace("_", " ")
    if "certificate required" in words or "handshake failure" in words:
        return "the server demands a client certificate: set tls_cert_file and tls_key_file"
    if any(one in words for one in ("wrong version", "protocol version", "record layer")):
        return "see that `url` is the server's TLS port, and which versions both sides allow"
    if "alert" in words:  # the server's word, not ours
        return "the server does not trust our client certificate: see tls_cert_file"
    if "mismatch" in words or "not valid for" in words:
        return "correct the host in `url`, or set tls_server_name to a name in the certificate"
    return "see that ca_bundle holds the CA of the server's certificate"


def _other(error: Exception, name: str) -> RedisDrError:
    text = _text(error)
    word = text.split(" ", 1)[0]
    if word in _REPLIES:
        return _reply(word, name)
    if "DB index is out of range" in text:
        return UsageError(f"{name} has no database of that number", "see its setting `databases`")
    if isinstance(error, theirs.InvalidResponse):
        return Unreachable(
            f"{name} answers, but not as a Redis does", "see that `url` is the port of Redis"
        )
    return RedisDrError(f"{name} answered: {text}", "see the server's log for the reason")


def _text(error: Exception) -> str:
    # "unknown command 'X', with args beginning with: ..." would repeat a password after AUTH
    return str(error).split(", with args beginning with", 1)[0] or type(error).__name__
