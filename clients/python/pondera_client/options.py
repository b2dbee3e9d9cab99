"""How an environment server listens."""

from __future__ import annotations

import math
from dataclasses import dataclass


@dataclass
class Options:
    """What can be set, and what it is unless set. ValueError for what is no duration.

    Attributes:
        host, port: where; port 0 takes a free one. Other than loopback needs a token.
        count: the most environments of one session.
        capacity: the most of all sessions together.
        token: what clients must give.
        origins: browser pages' origins that may connect.
        grace: seconds a session outlives its connection.
        heartbeat: seconds between pings.
        idle: seconds without a request after which a session ends.
        hello: seconds until `hello` must have come.
        max_payload: bytes a frame.
        max_connections: the most connections.
    """

    host: str = "127.0.0.1"
    port: int = 0
    count: int = 1
    capacity: int = 4
    token: str | None = None
    origins: frozenset[str] = frozenset()
    grace: float = 60
    heartbeat: float = 20
    idle: float = 600
    hello: float = 5
    max_payload: int = 8 * 1024 * 1024
    max_connections: int = 256

    def __post_init__(self) -> None:
        # grace and heartbeat are told to those that connect
        for name, endless in {"grace": False, "heartbeat": False, "idle": True, "hello": True}.items():
            seconds = getattr(self, name)
            if seconds >= (0 if name == "grace" else 1e-3) and (endless or math.isfinite(seconds)):
                continue
            least = "≥ 0" if name == "grace" else "≥ 0.001"
            raise ValueError(f"{name}: expected {'' if endless else 'finite '}seconds {least}, got {seconds}")
