"""The sessions of a server: how many environments there may be, whose they are, and when they end."""

from __future__ import annotations

import asyncio
import hmac
import secrets
from dataclasses import dataclass, field
from typing import Any, Callable

from .errors import WireError
from .exchange import Exchange
from .session import Session


@dataclass(eq=False)
class Seat:
    """A session, its name, what proves that it is the client's, and its connection while there is one."""

    session: Session
    id: str = field(default_factory=lambda: secrets.token_urlsafe(16))
    token: str = field(default_factory=lambda: secrets.token_urlsafe(24))
    ws: Any = None
    codec: Any = None
    left: float = 0


class Seats:
    """At most `count` environments a session, `capacity` in all, each made by `make`."""

    def __init__(self, make: Callable[[int], Exchange], count: int, capacity: int):
        self._make, self._count, self._capacity = make, count, capacity
        self._taken = 0
        self._seats: dict[str, Seat] = {}

    def all(self) -> list[Seat]:
        return list(self._seats.values())

    @property
    def taken(self) -> int:
        """How many environments there are."""
        return self._taken

    async def open(self, wanted: int) -> Seat:
        """A new session with as many of the environments it would like as there can be.

        Raises:
            WireError: `CAPACITY_REACHED` or `ENV_FAILED`.
        """
        granted = min(wanted, self._count, self._capacity - self._taken)
        if granted < 1:
            raise WireError("CAPACITY_REACHED", f"all of {self._capacity} environments are taken")
        self._taken += granted
        try:
            seat = Seat(await Session.open(lambda: self._make(granted)))
        except BaseException:
            self._taken -= granted
            raise
        self._seats[seat.id] = seat
        return seat

    def find(self, name: str, token: str) -> Seat:
        """The session to resume.

        Raises:
            WireError: `SESSION_EXPIRED`.
        """
        seat = self._seats.get(name)
        if seat is None or not hmac.compare_digest(seat.token.encode(), token.encode()):
            raise WireError("SESSION_EXPIRED", "no such session")
        return seat

    async def end(self, seat: Seat) -> None:
        """Closes a session's environments, which then are free for others; once only."""
        if self._seats.pop(seat.id, None) is not None:
            await seat.session.end()
            self._taken -= seat.session.exchange.count

    def expired(self, grace: float, idle: float) -> list[Seat]:
        """The sessions nobody came back to, or asked anything of, for so many seconds."""
        now = asyncio.get_running_loop().time()
        return [
            seat
            for seat in self.all()
            if (seat.ws is None and now - seat.left > grace)
            or (not seat.session.busy and now - seat.session.touched > idle)
        ]
