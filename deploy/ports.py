"""Ports of this machine."""

import socket


def free_port(wanted: int | None = None) -> int:
    """Pick a free loopback port; raise OSError where the one asked for is taken."""
    with socket.socket() as held:
        held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        held.bind(("127.0.0.1", wanted or 0))
        return int(held.getsockname()[1])
