"""Environments that dial a trainer, at `/v1/trainer`."""

from __future__ import annotations

import asyncio
from typing import Any, Callable

from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake

from .connect import PASSING, backoff, connect_options, farewell, read_welcome, refusal, takes_of, with_path
from .errors import WireError
from .exchange import Exchange, log
from .handshake import VERSION
from .session import PeerError, Session
from .wire import MsgPack

PATH = "/v1/trainer"


async def dial(url: str, make: Callable[[], Exchange], token: str | None = None) -> None:
    """Lends environments to a trainer until it says `close`, and dials again whenever the connection breaks.

    Args:
        url: the trainer's, with or without the path.
        make: makes the environments.
        token: the trainer's.

    Raises:
        WireError: what dialing again would not mend.
    """
    session = await Session.open(make)
    try:
        await _Dialler(with_path(url, PATH), session, token).run()
    finally:
        await session.end()


class _Dialler:
    def __init__(self, url: str, session: Session, token: str | None):
        self._url, self._session, self._token = url, session, token
        self._resume: dict[str, str] | None = None
        self._failures = 0

    async def run(self) -> None:
        while True:
            try:
                async with connect(self._url, ping_timeout=60, **connect_options(self._url, self._token)) as ws:
                    await self._converse(ws)
                return
            except (ConnectionClosed, InvalidHandshake, OSError, WireError) as error:
                self._judge(error)
            delay = backoff(self._failures)
            self._failures += 1
            log.info("dialling %s again in %.1f s", self._url, delay)
            await asyncio.sleep(delay)

    async def _converse(self, ws: Any) -> None:
        await ws.send(MsgPack.encode(self._hello()))
        welcome = read_welcome(await ws.recv())
        if not welcome.get("resumed"):
            await self._session.begin_anew()
        self._session.exchange.takes = takes_of(welcome)
        self._resume = {"session": welcome["session"], "token": welcome["token"]}
        self._failures = 0
        log.info("connected to %s", self._url)
        try:
            await self._session.converse(ws, MsgPack)
        except WireError as error:
            if not isinstance(error, PeerError):
                await ws.send(MsgPack.encode(error.to_message()))
                await ws.close(error.close_code, error.code)
            raise

    def _judge(self, error: Exception) -> None:
        """Raises what dialing again would not mend, and forgets a session that is gone."""
        log.info("%s: %s", self._url, error)
        if isinstance(error, WireError):
            if error.code == "SESSION_EXPIRED" and self._resume is not None:
                self._resume = None
            elif error.code not in PASSING:
                raise error
        elif isinstance(error, ConnectionClosed):
            if farewell(error) is not None:
                raise farewell(error) from error
        elif refusal(error) is not None:
            raise refusal(error) from error

    def _hello(self) -> dict:
        exchange = self._session.exchange
        hello = {"t": "hello", "v": VERSION, "role": "env", "client": "pondera-client (Python)"}
        hello.update(numEnvs=exchange.count, env=exchange.description)
        return {**hello, "resume": self._resume} if self._resume else hello
