"""What both kinds of client share: how they dial, and how long they wait between tries."""

from __future__ import annotations

import random
from typing import Any
from urllib.parse import urlsplit

import websockets
from websockets.exceptions import ConnectionClosed

from .errors import CLOSE_CODES, WireError
from .gate import is_loopback
from .sizes import TRAINER_TAKES
from .wire import MsgPack

# what dialing again cannot mend, of the HTTP statuses before the upgrade
REFUSALS = {400: "BAD_SUBPROTOCOL", 401: "UNAUTHENTICATED", 403: "FORBIDDEN_ORIGIN", 404: "NOT_FOUND"}

# closing codes after which another try would end alike: what was sent broke the protocol, or was too large
FATAL_CLOSES = frozenset({1002, 1003, 1007, 1008, 1009, 4000, 4001})

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


def farewell(error: ConnectionClosed) -> WireError | None:
    """What a closed connection means, where dialing again would not mend it."""
    if error.rcvd is None or error.rcvd.code not in FATAL_CLOSES:
        return None
    # ours close with "CODE: message" or the code alone
    code, _, message = error.rcvd.reason.partition(": ")
    told = f"closed with {error.rcvd.code}{message and f', {message}'}"
    return WireError(code, told) if code in CLOSE_CODES else WireError("BAD_MESSAGE", f"{told} {error.rcvd.reason}".rstrip())


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


def takes_of(welcome: dict) -> int:
    """Bytes of a frame that whoever welcomed takes."""
    most = (welcome.get("limits") or {}).get("maxPayload", TRAINER_TAKES)
    if type(most) is not int or most < 1:
        raise WireError("BAD_MESSAGE", f"welcome.limits.maxPayload: expected a positive integer, got {most!r}")
    return most
