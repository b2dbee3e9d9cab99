"""An environment server: `/v1/env`."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Any, Callable, Coroutine

from websockets.asyncio.server import serve as listen
from websockets.exceptions import ConnectionClosed

from .errors import WireError
from .exchange import Exchange, log
from .gate import Gate, is_loopback
from .handshake import receive_hello
from .options import Options
from .seats import Seat, Seats
from .wire import CODECS

PATH = "/v1/env"
HELLO_BYTES = 64 * 1024
CLOSE_SECONDS = 2


class EnvServer:
    """Serves environments while its context lasts (`async with`).

    Args:
        make: makes the environments of a session, so many of them.
        description: what they are, for `/metadata`.
        options: how it listens.

    Raises:
        ValueError: for an address other than loopback without a token.
    """

    def __init__(self, make: Callable[[int], Exchange], description: dict, options: Options):
        if options.token is None and not is_loopback(options.host):
            raise ValueError(f"{options.host} is not loopback: it needs a token")
        self._options = options
        self._seats = Seats(make, options.count, options.capacity)
        self._connections: set[Any] = set()
        self._asides: set[asyncio.Task] = set()
        pages = {
            "/health": lambda: {"status": "healthy", "environments": self._seats.taken},
            "/metadata": lambda: {"env": description, "capacity": options.capacity},
        }
        full = lambda: len(self._connections) >= options.max_connections  # noqa: E731
        self._gate = Gate(PATH, options.token, options.origins, is_loopback(options.host), pages, full)

    async def __aenter__(self) -> EnvServer:
        options = self._options
        self._server = await listen(
            self._attend,
            options.host,
            options.port,
            process_request=self._gate,
            subprotocols=list(CODECS),
            compression=None,
            max_size=HELLO_BYTES,
            # a request in flight for each environment, and none of them must keep a pong from being read
            max_queue=options.capacity + 16,
            ping_interval=options.heartbeat,
            ping_timeout=2 * options.heartbeat,
            close_timeout=CLOSE_SECONDS,
        )
        self._reaper = asyncio.create_task(self._reap())
        return self

    async def __aexit__(self, *_: Any) -> None:
        self._reaper.cancel()
        going = WireError("SHUTTING_DOWN", "the server is going")
        seats = self._seats.all()
        await asyncio.gather(*(_refuse(seat.ws, seat.codec, going) for seat in seats if seat.ws is not None))
        self._server.close()
        await self._server.wait_closed()
        await asyncio.gather(*map(self._seats.end, seats))

    @property
    def url(self) -> str:
        """Where it listens."""
        host, port = self._server.sockets[0].getsockname()[:2]
        return f"ws://{f'[{host}]' if ':' in host else host}:{port}{PATH}"

    async def _attend(self, ws: Any) -> None:
        """One connection, from `hello` to its end."""
        codec, seat = CODECS[ws.subprotocol], None
        self._connections.add(ws)
        try:
            hello = await receive_hello(ws, codec, self._options.hello)
            seat = self._seats.find(*hello.resume) if hello.resume else await self._seats.open(hello.num_envs)
            self._take(seat, ws, codec)
            await ws.send(codec.encode(self._welcome(seat, resumed=hello.resume is not None)))
            await seat.session.converse(ws, codec)
            await self._seats.end(seat)
            await ws.close(1000)
        except ConnectionClosed:
            pass
        except WireError as error:
            await _refuse(ws, codec, error)
        except Exception:
            log.exception("a fault of the server")
            await _refuse(ws, codec, WireError("INTERNAL", "a fault of the server; its log has more"))
        finally:
            self._connections.discard(ws)
            if seat is not None and seat.ws is ws:
                seat.ws, seat.left = None, asyncio.get_running_loop().time()

    def _take(self, seat: Seat, ws: Any, codec: Any) -> None:
        """Makes `ws` the session's connection; one it still has is closed."""
        if seat.ws is not None:
            replaced = WireError("SESSION_REPLACED", "resumed by another connection")
            self._aside(_refuse(seat.ws, seat.codec, replaced))
        seat.ws, seat.codec, seat.session.touched = ws, codec, asyncio.get_running_loop().time()
        # websockets of different ages name the limit differently
        ws.protocol.max_size = ws.protocol.max_message_size = self._options.max_payload

    def _welcome(self, seat: Seat, resumed: bool) -> dict:
        options, exchange = self._options, seat.session.exchange
        limits = {
            "maxPayload": options.max_payload,
            "graceMs": round(options.grace * 1000),
            "heartbeatMs": round(options.heartbeat * 1000),
        }
        names = {"session": seat.id, "token": seat.token, "resumed": resumed, "limits": limits}
        return {"t": "welcome", "v": 1, **names, "numEnvs": exchange.count, "env": exchange.description}

    async def _reap(self) -> None:
        """Ends sessions whose time is over."""
        grace, idle = self._options.grace, self._options.idle
        while True:
            await asyncio.sleep(max(0.01, min(1.0, grace / 2, idle / 2)))
            for seat in self._seats.expired(grace, idle):
                if seat.ws is not None:
                    self._aside(_refuse(seat.ws, seat.codec, WireError("IDLE", "nothing was asked for")))
                self._aside(self._seats.end(seat))

    def _aside(self, work: Coroutine[Any, Any, None]) -> None:
        """Does something that nobody waits for; the event loop itself would not keep it."""
        task = asyncio.create_task(work)
        self._asides.add(task)
        task.add_done_callback(self._asides.discard)


async def _refuse(ws: Any, codec: Any, error: WireError) -> None:
    """Says what is wrong, to a peer that may no longer read, and closes."""
    with suppress(ConnectionClosed, asyncio.TimeoutError):
        await asyncio.wait_for(ws.send(codec.encode(error.to_message())), CLOSE_SECONDS)
    await ws.close(error.close_code, error.code)
