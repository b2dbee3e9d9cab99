"""A session's environments and the thread they live in."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Callable

from .errors import WireError
from .exchange import Exchange


class PeerError(WireError):
    """An `error` that the other side sent before it ended the connection."""


class Session:
    """Environments that answer frames one after another, over any number of connections.

    They are made, stepped and closed in one thread of their own: the event loop goes on meanwhile, and graphics
    libraries want it so. `k` environments of one frame cost one change of threads.

    Attributes:
        exchange: the environments.
        busy: whether they are at work on a frame.
        touched: when they last were, as the event loop's time.
    """

    def __init__(self, exchange: Exchange, thread: ThreadPoolExecutor):
        self.exchange = exchange
        self.busy = False
        self.touched = asyncio.get_running_loop().time()
        self._thread = thread

    @classmethod
    async def open(cls, make: Callable[[], Exchange], **fields: Any) -> Session:
        """Makes the environments.

        Raises:
            WireError: `ENV_FAILED`, where `make` throws.
        """
        thread = ThreadPoolExecutor(1, "environments")
        try:
            exchange = await asyncio.get_running_loop().run_in_executor(thread, make)
        except Exception as error:
            thread.shutdown(wait=False)
            raise WireError("ENV_FAILED", f"no environment could be made: {type(error).__name__}: {error}") from error
        return cls(exchange, thread, **fields)

    async def converse(self, ws: Any, codec: Any) -> None:
        """Answers what comes on a connection, until `close` does.

        Raises:
            websockets.ConnectionClosed: where the connection ends before; the environments wait for another.
            WireError: for what ends the connection.
        """
        loop = asyncio.get_running_loop()
        while True:
            frame = await ws.recv()
            self.busy = True
            try:
                replies = await loop.run_in_executor(self._thread, self._answer, frame, codec, ws)
            finally:
                self.busy, self.touched = False, loop.time()
            if replies is None:
                return
            for reply in replies:
                await ws.send(reply)

    def _answer(self, frame: bytes | str, codec: Any, ws: Any) -> list[bytes | str] | None:
        """The frames that answer one, None for `close`."""
        message = codec.decode(frame)
        if message["t"] == "close":
            return None
        if message["t"] == "error":
            raise PeerError(str(message.get("code")), str(message.get("message")))
        return [codec.encode(reply) for reply in self.exchange.handle(message, ws)]

    async def begin_anew(self) -> None:
        """A new session with the same environments."""
        await asyncio.get_running_loop().run_in_executor(self._thread, self.exchange.begin)

    async def end(self) -> None:
        """Closes the environments, once they are done with what they are at."""
        await asyncio.get_running_loop().run_in_executor(self._thread, self.exchange.close)
        self._thread.shutdown(wait=False)
