"""The login of a Prefect API: we give ours where it asks for one, and see whether it does."""

import base64
import json
import os
import ssl
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

import httpx

from redis_dr.tasks.model.errors import UsageError
from redis_dr.tasks.model.report import Finding

LOGIN = "PREFECT_API_AUTH_STRING"  # Prefect's own variable, USER:PASSWORD
LOGIN_FILE = "REDIS_DR_PREFECT_LOGIN_FILE"  # a file with the same
_TIMEOUT_SECONDS = 10
_OPEN = (
    "every user of this machine can run code as the worker: start the server with "
    "PREFECT_SERVER_API_AUTH_STRING (docs/prefect.md)"
)


@contextmanager
def prefect_client(api_url: str) -> Iterator[httpx.Client]:
    """A client with the login of the environment, and a CSRF token where the server has them.

    Raises UsageError for an address that is none and for variables that cannot be used.
    """
    try:
        client = httpx.Client(
            base_url=api_url,
            headers=_login(os.environ),
            verify=_trust(os.environ),
            timeout=_TIMEOUT_SECONDS,
            trust_env=False,  # else httpx would take a password out of a .netrc file
        )
    except (httpx.InvalidURL, httpx.UnsupportedProtocol):
        raise _no_url() from None
    with client:
        _take_token(client)
        yield client


def _take_token(client: httpx.Client) -> None:
    name = str(uuid4())
    try:
        answer = client.get("csrf-token", params={"client": name})
        require_login(answer)
        token = answer.json()["token"] if answer.is_success else ""
    except (httpx.InvalidURL, httpx.UnsupportedProtocol):
        raise _no_url() from None
    except (httpx.TransportError, ValueError, KeyError, TypeError):
        return  # the next call says what is wrong
    if token:
        client.headers.update({"Prefect-Csrf-Token": str(token), "Prefect-Csrf-Client": name})


def require_login(answer: httpx.Response) -> None:
    """Raise UsageError where the API wants a login, or another one."""
    if answer.status_code in {401, 403}:
        raise UsageError(
            f"the Prefect API refuses the login ({answer.status_code})",
            f"set {LOGIN}, or PREFECT_API_KEY, as the workers have it",
        )


def _no_url() -> UsageError:
    return UsageError(
        "the Prefect API's address is not a URL",
        "see whether the Prefect server runs, and prefect_api_url under [check]",
    )


def _login(environment: Mapping[str, str]) -> dict[str, str]:
    headers: dict[str, str] = {}
    if custom := environment.get("PREFECT_CLIENT_CUSTOM_HEADERS"):
        try:
            headers |= {str(name): str(value) for name, value in json.loads(custom).items()}
        except (ValueError, AttributeError):
            raise UsageError(
                "PREFECT_CLIENT_CUSTOM_HEADERS is not a JSON object", 'write {"NAME": "VALUE"}'
            ) from None
    if key := environment.get("PREFECT_API_KEY"):
        headers["Authorization"] = f"Bearer {key}"
    elif login := login_string(environment):
        headers["Authorization"] = "Basic " + base64.b64encode(login.encode()).decode()
    return headers


def _trust(environment: Mapping[str, str]) -> ssl.SSLContext | bool:
    path = environment.get("PREFECT_API_SSL_CERT_FILE")
    if not path:
        return True
    try:
        return ssl.create_default_context(cafile=path)
    except OSError as error:
        raise UsageError(
            f"PREFECT_API_SSL_CERT_FILE {path} cannot be read: {error.strerror}", "correct it"
        ) from error


def login_string(environment: Mapping[str, str]) -> str:
    """USER:PASSWORD of the variable or the file, "" without both. Raises UsageError."""
    path = environment.get(LOGIN_FILE)
    if environment.get(LOGIN) or not path:
        return environment.get(LOGIN, "")
    try:
        return Path(path).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(
            f"{LOGIN_FILE} {path} cannot be read: {type(error).__name__}", "correct it"
        ) from error


def prefect_findings(api_url: str | None) -> tuple[Finding, ...]:
    """Whether the API asks for a login: who reaches one that does not runs code as the worker.

    Without an address in the configuration or the environment there is nothing to look at.
    """
    url = api_url or os.environ.get("PREFECT_API_URL")
    if not url:
        return ()
    everyone = lets_everyone_in(url)
    words = {True: ("none", _OPEN), False: ("a login", ""), None: ("unknown: no answer", "")}
    actual, detail = words[everyone]
    check = "the Prefect API asks for a login"
    ok = everyone is False
    return (Finding(check=check, ok=ok, expected="a login", actual=actual, detail=detail),)


def lets_everyone_in(api_url: str) -> bool | None:
    """Whether it answers without a login; None when it does not answer."""
    url = f"{api_url.rstrip('/')}/admin/version"
    try:
        answer = httpx.get(url, timeout=_TIMEOUT_SECONDS, trust_env=False)
    except (httpx.HTTPError, httpx.InvalidURL):
        return None
    return answer.is_success
