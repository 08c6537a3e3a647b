"""Ports for processes that meet."""

import random
import socket


def free_port():
    """Choose a port that none listens at, below those that connections take for themselves."""
    for port in random.sample(range(15_000, 30_000), 100):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) != 0:
                return port
    raise OSError("no port is free")
