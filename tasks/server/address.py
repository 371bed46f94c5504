"""Where an instance's server listens, and with which name and password it is asked."""

import os
from pathlib import Path
from typing import Any, Final
from urllib.parse import SplitResult, unquote, urlsplit

from redis.connection import parse_url

from redis_dr.tasks.model.errors import UsageError
from redis_dr.tasks.model.settings.instance import Instance

PASSWORD_VARIABLE: Final = "REDIS_PASSWORD"  # noqa: S105 the name of a variable, not a password
_SHAPES: Final = 'write it as "redis://HOST:PORT", "rediss://HOST:PORT" or "unix:///PATH"'


def username_of(instance: Instance) -> str | None:
    """The ACL user: the configuration's, else the url's. Raises UsageError when they differ."""
    in_url = unquote(_split(instance).username or "") or None
    if instance.username and in_url and instance.username != in_url:
        raise UsageError(
            f"{instance.name} has two user names: {in_url} in its url, {instance.username} in "
            "username",
            "take one of them out",
        )
    return instance.username or in_url


def password_of(instance: Instance) -> str | None:
    """The instance's own `password` or `password_file`, else $REDIS_PASSWORD. Raises UsageError.

    The nearer one wins: the variable is one for all instances of this process.
    """
    if instance.password is not None:
        return instance.password.get_secret_value()
    if instance.password_file is not None:
        return read_secret(Path(instance.password_file), "password_file")
    return os.environ.get(PASSWORD_VARIABLE) or None


def read_secret(path: Path, setting: str, variable: str = "") -> str:
    """The one line of a file that holds a secret. Raises UsageError."""
    instead = f", or set {variable}" if variable else ""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not text"
        raise UsageError(
            f"the password file {path} cannot be read: {reason}",
            f"correct {setting} or the file's rights{instead}",
        ) from error
    if not text.strip("\r\n"):
        raise UsageError(f"the password file {path} is empty", "write the password into it")
    return text.strip("\r\n")  # editors and `echo` end a file with a newline


def address_options(instance: Instance) -> dict[str, Any]:
    """The url as redis-py's options for a connection. Raises UsageError for a bad url."""
    parts = _split(instance)
    if parts.password:
        raise UsageError(
            f"the url of {instance.name} holds a password",
            f"take it out, and set {PASSWORD_VARIABLE} or password_file",
        )
    if parts.query or parts.fragment:
        raise UsageError(
            f"the url of {instance.name} has options behind its address",
            "take them out: username, tls_cert_file and the like are keys of [instances.NAME]",
        )
    if parts.scheme != "unix" and parts.path.strip("/") not in {"", "0"}:
        raise UsageError(
            f"the url of {instance.name} names database {parts.path.strip('/')}",
            "take it out: each command has its own option or key for the database",
        )
    # without the user: username_of gives it
    host = parts.netloc.rpartition("@")[2]
    path = parts.path if parts.scheme == "unix" else ""
    options: dict[str, Any] = dict(parse_url(f"{parts.scheme}://{host}{path}"))  # type: ignore[no-untyped-call] # redis-py's
    return options


def _split(instance: Instance) -> SplitResult:
    try:
        parts = urlsplit(instance.url)
        good = bool(parts.path.strip("/")) if parts.scheme == "unix" else parts.hostname
        _ = parts.port  # raises ValueError for one that is no number
    except ValueError as error:
        raise UsageError(f"the url of {instance.name} is not an address", _SHAPES) from error
    if parts.scheme not in {"redis", "rediss", "unix"} or not good:
        raise UsageError(f"the url of {instance.name} is not an address", _SHAPES)
    return parts
