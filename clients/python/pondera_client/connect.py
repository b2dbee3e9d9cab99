"""What both kinds of client share: how they dial, and how long they wait between tries."""

from __future__ import annotations

import random
from typing import Any
from urllib.parse import urlsplit

import websockets

from .errors import WireError
from .gate import is_loopback
from .wire import MsgPack

# what dialing again cannot mend, of the HTTP statuses before the upgrade
REFUSALS = {400: "BAD_SUBPROTOCOL", 401: "UNAUTHENTICATED", 403: "FORBIDDEN_ORIGIN", 404: "NOT_FOUND"}

# errors after which one dials again
PASSING = frozenset({"CAPACITY_REACHED", "SHUTTING_DOWN", "SLOW_READER", "INTERNAL", "HELLO_TIMEOUT", "IDLE"})


def connect_options(url: str, token: str | None, codec: Any = MsgPack) -> dict[str, Any]:
    """The arguments of websockets' `connect`."""
    options: dict[str, Any] = {
        "subprotocols": [codec.subprotocol],
        "compression": None,
        "max_size": None,
        "close_timeout": 2,
        "additional_headers": {"Authorization": f"Bearer {token}"} if token else {},
    }
    if is_loopback(urlsplit(url).hostname or "") and int(websockets.__version__.partition(".")[0]) >= 15:
        # a proxy of the environment's variables does not lead to this machine
        options["proxy"] = None
    return options


def with_path(url: str, path: str) -> str:
    """`url` with the protocol's path, where it has none."""
    return url.rstrip("/") + path if urlsplit(url).path in ("", "/") else url


def backoff(attempt: int, base: float = 0.25, longest: float = 30) -> float:
    """Seconds before try `attempt` (0, 1, …): exponential, with full jitter so that many do not come at once."""
    return random.uniform(0, min(longest, base * 2 ** min(attempt, 16)))


def refusal(error: Exception) -> WireError | None:
    """What a failed opening means, where dialing again would not mend it."""
    status = getattr(getattr(error, "response", None), "status_code", None)
    if status not in REFUSALS:
        return None
    body = (error.response.body or b"").decode(errors="replace")
    return WireError(REFUSALS[status], f"HTTP {status}: {body}")


def read_welcome(frame: bytes | str, codec: Any = MsgPack) -> dict:
    """The `welcome` of a frame.

    Raises:
        WireError: where it is an `error`, or anything else.
    """
    message = codec.decode(frame)
    if message["t"] == "error":
        raise WireError(str(message.get("code")), str(message.get("message")))
    if message["t"] != "welcome":
        raise WireError("BAD_MESSAGE", f"t: expected welcome, got {message['t']!r}")
    return message
