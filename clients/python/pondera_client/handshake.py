"""`hello`, read and checked."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Any

from .errors import WireError
from .requests import bad_field

VERSION = 1


@dataclass
class Hello:
    """A trainer's `hello`: how many environments it would like, and the session it resumes, as (session, token)."""

    num_envs: int
    resume: tuple[str, str] | None


async def receive_hello(ws: Any, codec: Any, timeout: float) -> Hello:
    """Waits for `hello`.

    Raises:
        WireError: `HELLO_TIMEOUT`, `VERSION`, or what is wrong with the frame.
        websockets.ConnectionClosed: where it never comes.
    """
    try:
        frame = await asyncio.wait_for(ws.recv(), timeout)
    except asyncio.TimeoutError:
        raise WireError("HELLO_TIMEOUT", f"no hello within {timeout:g} s") from None
    return read_hello(codec.decode(frame))


def read_hello(message: dict) -> Hello:
    """A trainer's `hello`; raises `WireError` as above."""
    if message["t"] != "hello":
        raise bad_field("t", "hello", message["t"])
    if type(message.get("v")) is not int:
        raise bad_field("v", "an integer", message.get("v"))
    if message["v"] != VERSION:
        raise WireError("VERSION", f"expected version {VERSION}, got {message['v']}")
    if message.get("role") != "trainer":
        raise bad_field("role", "trainer", message.get("role"))
    if not isinstance(message.get("client"), str):
        raise bad_field("client", "a string", message.get("client"))
    num_envs = message.get("numEnvs", 1)
    if type(num_envs) is not int or num_envs < 1:
        raise bad_field("numEnvs", "a positive integer", num_envs)
    resume = message.get("resume")
    if resume is None:
        return Hello(num_envs, None)
    if not isinstance(resume, dict) or not all(isinstance(resume.get(key), str) for key in ("session", "token")):
        raise bad_field("resume", "a session and its token", resume)
    return Hello(num_envs, (resume["session"], resume["token"]))
