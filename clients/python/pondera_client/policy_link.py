"""A policy client's connection: opened anew when it breaks, and what was not answered is asked again."""

from __future__ import annotations

import itertools
import threading
import time
from contextlib import ExitStack, suppress
from typing import Any, Iterator

from websockets.exceptions import ConnectionClosed, InvalidHandshake
from websockets.sync.client import connect

from .connect import PASSING, backoff, connect_options, farewell, read_welcome, refusal, takes_of, with_path
from .errors import WireError
from .handshake import VERSION
from .wire import MsgPack

PATH = "/v1/policy"

# what is said of one question, on a connection that goes on
ANSWERS = frozenset({"REFUSED", "OVERLOADED", "TOO_LARGE"})
# a socket holds no timeout of 25 days or more; who waits longer asks again
LONGEST_WAIT = 1e6
# seconds for what still comes of a generation that was left
FAREWELL = 2
HELLO = {"t": "hello", "v": VERSION, "role": "policy-client", "client": "pondera-client (Python)"}


class PolicyLink:
    """Asks one thing at a time; `Policy` has the arguments and errors.

    Attributes:
        policy: the server's policy, of its latest `welcome`.
    """

    policy: dict[str, Any]

    def __init__(self, url: str, token: str | None, timeout: float):
        self._url, self._token, self._timeout = with_path(url, PATH), token, timeout
        self._lock = threading.Lock()
        self._ws: Any = None
        self._open = ExitStack()
        self._id = 0
        # what resumes the session on another connection, where the policy has a memory
        self._ticket: dict[str, str] | None = None
        with self._lock:
            self._persist(self._connected)

    def ask(self, fields: dict[str, Any]) -> dict[str, Any]:
        """The `acted` that answers an `act` of these fields."""
        with self._lock:
            self._id += 1
            frame = MsgPack.encode({"t": "act", "id": self._id, **fields})
            return self._persist(lambda deadline: self._exchange(frame, deadline, "acted"))

    def stream(self, fields: dict[str, Any]) -> Iterator[dict[str, Any]]:
        """The `generated` that answer a `generate` of these fields, over a connection of their own that ends with the iteration.

        What breaks before the first is asked again.
        """
        link = PolicyLink(self._url, self._token, self._timeout)
        try:
            link._id += 1
            frame = MsgPack.encode({"t": "generate", "id": link._id, **fields})
            reply = link._persist(lambda deadline: link._exchange(frame, deadline, "generated"))
            for count in itertools.count(1):
                yield reply
                if "end" in reply:
                    return
                reply = link._following(count)
        except GeneratorExit:
            link._cancel()
            raise
        finally:
            link.close()

    def forget(self, history: int) -> None:
        """Says that a history is not needed any more; a server that cannot be told forgets it by itself."""
        with self._lock, suppress(Exception):
            if self._ws is not None:
                self._ws.send(MsgPack.encode({"t": "forget", "histories": [history]}))

    def close(self) -> None:
        with self._lock:
            self._ticket = None
            self._drop(1000)

    def _persist(self, attempt: Any) -> Any:
        """Tries until it succeeds, the time is over, or another try would not help."""
        deadline, failures = time.monotonic() + self._timeout, 0
        while True:
            try:
                return attempt(deadline)
            except (ConnectionClosed, InvalidHandshake, OSError, WireError) as error:
                self._judge(error, deadline)
            time.sleep(min(backoff(failures), _left(deadline)))
            failures += 1

    def _judge(self, error: Exception, deadline: float) -> None:
        """Raises, unless trying again may help."""
        if isinstance(error, WireError) and error.code in ANSWERS:
            raise error
        self._drop()
        if isinstance(error, WireError) and error.code not in PASSING:
            raise error
        if isinstance(error, ConnectionClosed) and farewell(error) is not None:
            raise farewell(error) from error
        if refusal(error) is not None:
            raise refusal(error) from error
        if time.monotonic() >= deadline:
            raise TimeoutError(f"{self._url}: no reply within {self._timeout:g} s: {error}") from error

    def _exchange(self, frame: bytes, deadline: float, kind: str) -> dict[str, Any]:
        ws = self._connected(deadline)
        if len(frame) > self._takes:
            what = f"expected at most {self._takes} bytes, which the server takes (maxPayload), got {len(frame)}"
            raise WireError("TOO_LARGE", f"request: {what}")
        ws.send(frame)
        return self._reply(ws, deadline, kind)

    def _following(self, count: int) -> dict[str, Any]:
        """The token after as many; raises what cut it off."""
        try:
            return self._reply(self._ws, time.monotonic() + self._timeout, "generated")
        except WireError as error:
            raise WireError(error.code, f"cut off after {_tokens(count)}: {error.message}") from error
        except (ConnectionClosed, OSError) as error:
            kind = TimeoutError if isinstance(error, TimeoutError) else ConnectionError
            raise kind(f"{self._url}: cut off after {_tokens(count)}: {error}") from error

    def _cancel(self) -> None:
        """Ends a generation, and takes what still comes of it: the server's farewell is behind that."""
        with suppress(Exception):
            self._ws.send(MsgPack.encode({"t": "cancel", "id": self._id}))
            deadline = time.monotonic() + FAREWELL
            while time.monotonic() < deadline and "end" not in self._reply(self._ws, deadline, "generated"):
                pass

    def _reply(self, ws: Any, deadline: float, kind: str) -> dict[str, Any]:
        while True:
            reply = self._receive(ws, deadline)
            if reply["t"] == "error" or (reply["t"] == "failed" and reply.get("id") == self._id):
                raise WireError(str(reply.get("code")), str(reply.get("message")))
            if reply["t"] == kind and reply.get("id") == self._id:
                return reply

    def _connected(self, deadline: float) -> Any:
        if self._ws is None:
            left = max(0.1, _left(deadline))
            dialled = connect(self._url, open_timeout=left, **connect_options(self._url, self._token))
            with ExitStack() as opening:
                ws = opening.enter_context(dialled)
                ws.send(MsgPack.encode({**HELLO, **({"resume": self._ticket} if self._ticket else {})}))
                welcome = read_welcome(ws.recv(left))
                if "policy" not in welcome:
                    raise WireError("BAD_MESSAGE", "welcome.policy: expected one; is this a policy server?")
                self.policy, self._takes = welcome["policy"], takes_of(welcome)
                if "memory" in self.policy:
                    self._ticket = {name: welcome[name] for name in ("session", "token")}
                self._ws, self._open = ws, opening.pop_all()
        return self._ws

    def _receive(self, ws: Any, deadline: float) -> dict[str, Any]:
        return MsgPack.decode(ws.recv(_left(deadline)))

    def _drop(self, code: int = 1001) -> None:
        """Ends the connection; after 1000 the server keeps nothing of its session."""
        ws, self._ws = self._ws, None
        with suppress(Exception):
            if ws is not None:
                ws.close(code)
        with suppress(Exception):
            self._open.close()


def _left(deadline: float) -> float:
    """Seconds to wait at most, of those that are left."""
    return min(LONGEST_WAIT, max(0, deadline - time.monotonic()))


def _tokens(count: int) -> str:
    return "1 token" if count == 1 else f"{count} tokens"
