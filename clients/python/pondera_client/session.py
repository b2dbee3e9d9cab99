"""A session's environments and the thread they live in."""

from __future__ import annotations

import asyncio
import os
from concurrent.futures import ThreadPoolExecutor, thread
from typing import Any, Callable, Union

from .errors import WireError
from .exchange import Exchange

Frame = Union[bytes, str]

# A process of a VectorEnv is forked in the session's thread, perhaps while the loop's holds the lock of all executors, for which
# the process would wait in vain as it ends. Later versions of Python see to it themselves.
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=lambda: thread._global_shutdown_lock._at_fork_reinit())


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

    def __init__(self, exchange: Exchange, pool: ThreadPoolExecutor):
        self.exchange = exchange
        self.busy = False
        self.touched = asyncio.get_running_loop().time()
        self._pool = pool

    @classmethod
    async def open(cls, make: Callable[[], Exchange], **fields: Any) -> Session:
        """Makes the environments.

        Raises:
            WireError: `ENV_FAILED`, where `make` throws.
        """
        pool = ThreadPoolExecutor(1, "environments")
        try:
            exchange = await asyncio.get_running_loop().run_in_executor(pool, make)
        except Exception as error:
            pool.shutdown(wait=False)
            raise WireError("ENV_FAILED", f"no environment could be made: {type(error).__name__}: {error}") from error
        return cls(exchange, pool, **fields)

    async def converse(self, ws: Any, codec: Any) -> None:
        """Answers what comes on a connection, until `close` does.

        Raises:
            websockets.ConnectionClosed: where the connection ends before; the environments wait for another.
            WireError: for what ends the connection.
        """
        going_on = True
        while going_on:
            replies: asyncio.Queue[Frame | None] = asyncio.Queue()
            work = self._begin(await ws.recv(), codec, ws, replies)
            while (reply := await replies.get()) is not None:
                await ws.send(reply)
            going_on = await work

    def _begin(self, frame: Frame, codec: Any, ws: Any, replies: asyncio.Queue) -> asyncio.Future:
        """Has a frame answered, to its end also where the connection does not live so long; None is the last reply."""
        loop = asyncio.get_running_loop()

        def put(reply: Frame) -> None:
            loop.call_soon_threadsafe(replies.put_nowait, reply)

        def rest(work: asyncio.Future) -> None:
            self.busy, self.touched = False, loop.time()
            replies.put_nowait(None)
            # retrieved, also where nobody waits for it any more
            work.cancelled() or work.exception()

        self.busy = True
        work = loop.run_in_executor(self._pool, self._answer, frame, codec, ws, put)
        work.add_done_callback(rest)
        return work

    def _answer(self, frame: Frame, codec: Any, ws: Any, put: Callable[[Frame], None]) -> bool:
        """Gives the frames that answer one as they are ready; returns whether more may come, as after `close` none may."""
        message = codec.decode(frame)
        if message["t"] == "close":
            return False
        if message["t"] == "error":
            raise PeerError(str(message.get("code")), str(message.get("message")))
        for reply in self.exchange.answer(message, ws):
            put(codec.encode(reply))
        return True

    async def begin_anew(self) -> None:
        """A new session with the same environments."""
        await asyncio.get_running_loop().run_in_executor(self._pool, self.exchange.begin)

    async def end(self) -> None:
        """Closes the environments, once they are done with what they are at."""
        await asyncio.get_running_loop().run_in_executor(self._pool, self.exchange.close)
        self._pool.shutdown(wait=False)
