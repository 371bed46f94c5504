"""Ports for servers that must keep theirs over a restart."""

import random
import socket


def free_port() -> int:
    """A port of 127.0.0.1 that nobody listens on, below those that the kernel hands out itself."""
    source = random.SystemRandom()
    while True:
        port = source.randrange(20_000, 32_000)
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
