"""What can go wrong on the wire: the codes of the protocol page, each with the code its connection closes with."""

from __future__ import annotations

CLOSE_CODES = {
    "CAPACITY_REACHED": 1013,
    "HELLO_TIMEOUT": 1008,
    "VERSION": 4000,
    "BAD_FRAME": 1007,
    "BAD_MESSAGE": 1008,
    "TOO_LARGE": 1009,
    "SEQUENCE": 1008,
    "SPACE_MISMATCH": 1008,
    "SESSION_EXPIRED": 4002,
    "SESSION_REPLACED": 4001,
    "IDLE": 4003,
    "ENV_FAILED": 1011,
    "SHUTTING_DOWN": 1001,
    "INTERNAL": 1011,
}


class WireError(Exception):
    """Something the protocol has a code for.

    Attributes:
        code: one of the codes of the protocol page.
        message: what went wrong, for people.
    """

    def __init__(self, code: str, message: str):
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message

    def to_message(self) -> dict:
        """The `error` that is sent before the connection ends."""
        return {"t": "error", "code": self.code, "message": self.message}

    @property
    def close_code(self) -> int:
        """What the WebSocket closes with; 1011 for a code that is not one of a connection's."""
        return CLOSE_CODES.get(self.code, 1011)


class SpaceError(ValueError):
    """A space that cannot travel, with what can be done about it."""


class Misfit(ValueError):
    """A value outside its space."""
