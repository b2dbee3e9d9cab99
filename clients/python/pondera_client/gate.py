"""Who may connect: what is decided from a request's headers, before the upgrade."""

from __future__ import annotations

import hmac
import ipaddress
import json
from http import HTTPStatus
from typing import Any, Callable

from websockets.datastructures import Headers
from websockets.http11 import Request, Response

from .wire import CODECS

TOKEN_PROTOCOL = "pondera.token."


class Gate:
    """Answers HTTP requests, and lets those through that may open a connection.

    Args:
        path: the WebSocket's.
        token: what clients must give, or None.
        origins: origins of browser pages that may connect.
        loopback: whether the server is bound to the loopback interface, and so is only asked for by its address.
        pages: bodies of `GET` requests by path, made anew for each; `/health` needs no token.
        full: whether there are as many connections as there may be.
    """

    def __init__(
        self,
        path: str,
        token: str | None,
        origins: frozenset[str],
        loopback: bool,
        pages: dict[str, Callable[[], dict]],
        full: Callable[[], bool],
    ):
        self._path, self._token, self._origins, self._loopback = path, token, origins, loopback
        self._pages, self._full = pages, full

    def __call__(self, _connection: Any, request: Request) -> Response | None:
        """The answer to a request, None where the connection may be opened."""
        headers, path = request.headers, request.path.partition("?")[0]
        offered = _offered(headers)
        if self._loopback and not is_loopback(_host_name(headers)):
            return _refuse(403, "FORBIDDEN_HOST", "ask for this server by its address")
        if path == "/health":
            return _answer(200, self._pages[path]())
        if not self._has_token(headers, offered):
            return _refuse(401, "UNAUTHENTICATED", "expected the header Authorization: Bearer TOKEN")
        if any(origin not in self._origins for origin in headers.get_all("Origin")):
            return _refuse(403, "FORBIDDEN_ORIGIN", "pages of this origin may not connect")
        if path in self._pages:
            return _answer(200, self._pages[path]())
        if path != self._path:
            return _refuse(404, "NOT_FOUND", f"expected {self._path}, {' or '.join(self._pages)}")
        if not any(name in CODECS for name in offered):
            return _refuse(400, "BAD_SUBPROTOCOL", f"offer one of {', '.join(CODECS)}")
        if self._full():
            return _refuse(503, "TOO_MANY_CONNECTIONS", "wait and dial again")
        return None

    def _has_token(self, headers: Headers, offered: list[str]) -> bool:
        if self._token is None:
            return True
        given = [name[len(TOKEN_PROTOCOL) :] for name in offered if name.startswith(TOKEN_PROTOCOL)]
        for value in headers.get_all("Authorization"):
            scheme, _, token = value.partition(" ")
            if scheme.lower() in ("bearer", "api-key"):
                given.append(token.strip())
        return any(hmac.compare_digest(token.encode(), self._token.encode()) for token in given)


def is_loopback(host: str) -> bool:
    """Whether a host name or address stands for this machine only."""
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host.lower() == "localhost"


def _host_name(headers: Headers) -> str:
    host = (headers.get_all("Host") or [""])[0]
    return host.partition("]")[0] if host.startswith("[") else host.partition(":")[0]


def _offered(headers: Headers) -> list[str]:
    return [name.strip() for value in headers.get_all("Sec-WebSocket-Protocol") for name in value.split(",")]


def _answer(status: int, body: dict) -> Response:
    data = json.dumps(body).encode()
    headers = Headers({"Content-Type": "application/json", "Content-Length": str(len(data)), "Connection": "close"})
    return Response(status, HTTPStatus(status).phrase, headers, data)


def _refuse(status: int, code: str, message: str) -> Response:
    return _answer(status, {"code": code, "message": message})
