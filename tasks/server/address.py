"""Where an instance's server listens, and with which password it is asked."""

import os
from pathlib import Path
from typing import Any, Final
from urllib.parse import SplitResult, urlsplit

from redis.connection import parse_url

from redis_dr.tasks.model.errors import UsageError
from redis_dr.tasks.model.settings.instance import Instance

PASSWORD_VARIABLE: Final = "REDIS_PASSWORD"  # noqa: S105 the name of a variable, not a password


def password_of(instance: Instance) -> str | None:
    """The configuration's, else $REDIS_PASSWORD, else password_file. Raises UsageError."""
    if instance.password is not None:
        return instance.password.get_secret_value()
    if os.environ.get(PASSWORD_VARIABLE):
        return os.environ[PASSWORD_VARIABLE]
    return _read_password(Path(instance.password_file)) if instance.password_file else None


def _read_password(path: Path) -> str:
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not text"
        raise UsageError(
            f"the password file {path} cannot be read: {reason}",
            f"correct password_file or the file's rights, or set {PASSWORD_VARIABLE}",
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
    plain = f"{parts.scheme}://{parts.netloc}{_socket(parts)}"
    options: dict[str, Any] = dict(parse_url(plain))  # type: ignore[no-untyped-call] # redis-py's
    if parts.scheme == "rediss":
        options["ssl_ca_certs"] = instance.ca_bundle
    return options


def _split(instance: Instance) -> SplitResult:
    remedy = 'write it as "redis://HOST:PORT", "rediss://HOST:PORT" or "unix:///PATH"'
    try:
        parts = urlsplit(instance.url)
        good = parts.scheme == "unix" or (parts.hostname and (parts.port or 6379))
    except ValueError as error:
        raise UsageError(f"the url of {instance.name} is not an address", remedy) from error
    if parts.scheme not in {"redis", "rediss", "unix"} or not good:
        raise UsageError(f"the url of {instance.name} is not an address", remedy)
    return parts


def _socket(parts: SplitResult) -> str:
    # the path of a redis:// url is a database number, and the database is the caller's choice
    return str(parts.path) if parts.scheme == "unix" else ""
