"""Environments' side of a conversation: messages in, messages out, whatever stands behind them."""

from __future__ import annotations

import logging
from collections import defaultdict
from typing import Any, Hashable

import numpy as np

from .batches import conform, outside, unstack
from .errors import Misfit
from .ledger import Ledger
from .replies import Replies
from .requests import Request, read_request

log = logging.getLogger("pondera_client")


class Exchange:
    """Reads requests, performs each exactly once, and addresses the replies.

    What derives from it says in `perform` how. Not for several threads at once.

    Attributes:
        description: the environments, as `welcome.env` or `hello.env` has them.
        count: how many there are.
    """

    def __init__(self, description: dict[str, Any], count: int):
        self.description = description
        self.count = count
        self.replies = Replies(description)
        self._observation_space = description["observationSpace"]
        self._action_space = description["actionSpace"]
        self.begin()

    def begin(self) -> None:
        """Begins a new session: no environment has been asked for anything."""
        self._ledger = Ledger(self.count, self._observation_space)

    def handle(self, message: dict, asker: Hashable) -> list[dict[str, Any]]:
        """Answers a request.

        Args:
            message: a frame's.
            asker: the connection it came on; a reply only carries what was asked for on that.

        Returns:
            The replies there are now, which may be to earlier requests.

        Raises:
            WireError: `BAD_MESSAGE` or `SEQUENCE`; nothing has been performed.
        """
        request = read_request(message, self.count)
        fresh = self._ledger.admit(request.envs, request.seq, asker)
        repeated = [] if fresh.all() else self._ledger.repeat(request.envs[~fresh])
        if not fresh.any():
            return repeated
        made = [self._ledger.record(reply) for reply in self.perform(request, np.flatnonzero(fresh))]
        addressed = (self._ledger.asked_by(asker, reply) for reply in made)
        return repeated + [reply for reply in addressed if reply is not None]

    def perform(self, request: Request, rows: np.ndarray) -> list[dict[str, Any]]:
        """Performs some rows of a request and returns replies to it, or to earlier ones, without `seq`."""
        raise NotImplementedError

    def close(self) -> None:
        """Closes the environments."""
        raise NotImplementedError

    def read_actions(self, request: Request, rows: np.ndarray, failures: Failures) -> dict[int, Any]:
        """The actions of a `step` by row; those that do not fit are refused."""
        k = len(request.envs)
        try:
            batch = conform(self._action_space, request.actions, k)
        except Misfit as misfit:
            failures.add(request.envs[rows], "REFUSED", f"actions: {misfit}")
            return {}
        out = outside(self._action_space, batch, k)
        if out.any():
            failures.add(request.envs[rows][out[rows]], "REFUSED", "the action is outside its space")
        actions = unstack(self._action_space, batch, k)
        return {row: actions[row] for row in rows.tolist() if not out[row]}


class Failures:
    """What could not be done, by code and message, as `failed` carries one of each."""

    def __init__(self) -> None:
        self._envs: dict[tuple[str, str], list[int]] = defaultdict(list)

    def add(self, envs: Any, code: str, message: str) -> None:
        self._envs[code, message].extend(int(env) for env in envs)

    def threw(self, envs: Any, error: Exception) -> None:
        """An environment's own fault; its trace goes to the log."""
        log.warning("environment %s failed", ", ".join(map(str, envs)), exc_info=error)
        self.add(envs, "ENV_FAILED", f"{type(error).__name__}: {error}")

    def replies(self) -> list[dict[str, Any]]:
        return [Replies.failed(envs, code, message) for (code, message), envs in self._envs.items() if envs]
