"""The tests' engine as a remote one: over TCP and TLS, client certificates required."""

import shutil
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from tests.support.certificates import Certificates


@contextmanager
def engine_over_tls(host: str, made: Certificates, folder: Path) -> Iterator[dict[str, str]]:
    """The environment variables that lead to the engine at `host` (unix://...) by TLS."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=str(made.ca_bundle))
    context.load_cert_chain(made.certificate, made.key)
    context.verify_mode = ssl.CERT_REQUIRED
    pems = {"ca": made.ca_bundle, "cert": made.client_certificate, "key": made.client_key}
    shown = folder / "docker"  # the names that Docker's clients look for
    shown.mkdir()
    for name, source in pems.items():
        shutil.copy(source, shown / f"{name}.pem")
    listener = socket.create_server(("127.0.0.1", 0))
    path = host.removeprefix("unix://")
    threading.Thread(target=_serve, args=(listener, context, path), daemon=True).start()
    try:
        yield {
            "DOCKER_HOST": f"tcp://127.0.0.1:{listener.getsockname()[1]}",
            "DOCKER_TLS_VERIFY": "1",
            "DOCKER_CERT_PATH": str(shown),
        }
    finally:
        with suppress(OSError):
            listener.shutdown(socket.SHUT_RDWR)
        listener.close()


def _serve(listener: socket.socket, context: ssl.SSLContext, path: str) -> None:
    while True:
        try:
            plain, _ = listener.accept()
        except OSError:
            return
        threading.Thread(target=_passage, args=(plain, context, path), daemon=True).start()


def _passage(plain: socket.socket, context: ssl.SSLContext, path: str) -> None:
    with (
        suppress(OSError),
        context.wrap_socket(plain, server_side=True) as client,
        socket.socket(socket.AF_UNIX) as engine,
    ):
        engine.connect(path)
        back = threading.Thread(target=_copy, args=(engine, client), daemon=True)
        back.start()
        _copy(client, engine)
        back.join()  # that direction ends with the engine's answer


def _copy(source: socket.socket, sink: socket.socket) -> None:
    with suppress(OSError):
        while data := source.recv(65_536):
            sink.sendall(data)
    with suppress(OSError):
        sink.shutdown(socket.SHUT_WR)
