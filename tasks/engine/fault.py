"""Why an engine does not answer: its own reason, found in what the SDK wraps around it."""

import os
import socket
import ssl
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import requests
import urllib3
from docker import errors as docker_errors

_HOST: Final = "set DOCKER_HOST to the engine that runs the instance"


@dataclass(frozen=True, slots=True)
class Fault:
    """What went wrong, and what to do."""

    reason: str
    remedy: str
    usage: bool = False  # a setting is wrong, no engine was asked


def engine_name() -> str:
    """The engine that is meant, for texts; without a user name."""
    host = os.environ.get("DOCKER_HOST", "")
    scheme, slashes, rest = host.rpartition("://")
    plain = f"{scheme}{slashes}{rest.rpartition('@')[2]}"
    return plain or "the default socket or Docker context"


def fault_of(error: BaseException) -> Fault:
    """The first reason in the chain of causes that says something; else the error's own type."""
    chain = tuple(_chain(error))
    for cause in chain:
        if fault := _of_socket(cause) or _of_tls(cause) or _of_library(cause):
            return fault
    text = str(error).strip() if isinstance(error, docker_errors.DockerException) else ""
    reason = f"the Docker engine does not answer ({text or type(error).__name__})"
    return Fault(reason, f"start it, or {_HOST}")


def _of_socket(cause: BaseException) -> Fault | None:
    if isinstance(cause, PermissionError):
        return Fault(
            f"no permission on the socket of the Docker engine ({engine_name()})",
            "run it as root or as a member of the group docker, or " + _HOST,
        )
    if isinstance(cause, FileNotFoundError):
        return Fault(
            f"there is no socket of a Docker engine at {engine_name()}", f"start it, or {_HOST}"
        )
    if isinstance(cause, ConnectionRefusedError):
        return Fault(
            f"nothing listens at {engine_name()}: the Docker engine does not run there",
            f"start it, or {_HOST}",
        )
    if isinstance(cause, socket.gaierror):
        return Fault(f"the host of {engine_name()} is not known: {cause.strerror}", _HOST)
    return None


def _of_tls(cause: BaseException) -> Fault | None:
    if isinstance(cause, ssl.SSLCertVerificationError):
        return Fault(
            f"the certificate of the Docker engine is not trusted: {cause.verify_message}",
            "put the CA of the engine's certificate into ca.pem in DOCKER_CERT_PATH",
        )
    if isinstance(cause, ssl.SSLError):
        return Fault(
            f"TLS with the Docker engine failed: {cause.reason or cause}",
            "see DOCKER_TLS_VERIFY, and cert.pem and key.pem in DOCKER_CERT_PATH",
        )
    if isinstance(cause, docker_errors.TLSParameterError):
        return Fault(
            f"the TLS settings of the Docker engine are wrong: {_first_line(cause)}",
            "DOCKER_CERT_PATH must name a folder with ca.pem, cert.pem and key.pem",
            usage=True,
        )
    return None


def _of_library(cause: BaseException) -> Fault | None:
    text = str(cause).strip()
    if "paramiko" in text.lower():
        return Fault(
            f"{engine_name()} needs SSH, and the package paramiko is not installed",
            "install docker[ssh], or open a tunnel and set DOCKER_HOST to its end",
            usage=True,
        )
    if "bind address" in text or "Port out of range" in text:
        return Fault(
            f"DOCKER_HOST is not the address of an engine: {text}",
            "write unix:///PATH, tcp://HOST:PORT or ssh://USER@HOST",
            usage=True,
        )
    if isinstance(cause, requests.exceptions.ProxyError | urllib3.exceptions.ProxyError):
        return Fault(
            "a proxy stands before the Docker engine, and did not pass the request on",
            "add the engine's host to NO_PROXY",
        )
    return None


def _first_line(cause: BaseException) -> str:
    return str(cause).strip().partition("\n")[0]


def _chain(error: BaseException) -> Iterator[BaseException]:
    """The error, and every error that it wraps: as its cause, its context or its argument."""
    seen: set[int] = set()
    open_ends: list[object] = [error]
    while open_ends:
        one = open_ends.pop(0)
        if not isinstance(one, BaseException) or id(one) in seen:
            continue
        seen.add(id(one))
        yield one
        open_ends += [*one.args, getattr(one, "reason", None), one.__cause__, one.__context__]
