"""Environments' side of a conversation: messages in, messages out, whatever stands behind them."""

from __future__ import annotations

import logging
from collections import defaultdict
from typing import Any, Hashable, Iterable, Iterator

import numpy as np

from .batches import conform, outside, unstack
from .errors import Misfit
from .ledger import Ledger
from .replies import Replies
from .requests import Request, read_request
from .sizes import TRAINER_TAKES, parted

log = logging.getLogger("pondera_client")


class Exchange:
    """Reads requests, performs each exactly once, and addresses the replies.

    What derives from it says in `perform` how. Not for several threads at once.

    Attributes:
        description: the environments, as `welcome.env` or `hello.env` has them.
        count: how many there are.
        takes: bytes of a frame that the trainer takes.
    """

    takes = TRAINER_TAKES

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
        """All that `answer` gives, once it is all there."""
        return list(self.answer(message, asker))

    def answer(self, message: dict, asker: Hashable) -> Iterator[dict[str, Any]]:
        """Answers a request; it is performed as far as the replies are taken.

        Args:
            message: a frame's.
            asker: the connection it came on; a reply only carries what was asked for on that.

        Returns:
            The replies as they are ready, which may be to earlier requests.

        Raises:
            WireError: `BAD_MESSAGE` or `SEQUENCE`; nothing has been performed.
        """
        request = read_request(message, self.count)
        fresh = self._ledger.admit(request.envs, request.seq, asker)
        if not fresh.all():
            yield from self._ledger.repeat(request.envs[~fresh])
        if not fresh.any():
            return
        for made in self.perform(request, np.flatnonzero(fresh)):
            for part in parted(made, self._ledger.rows, self.takes):
                addressed = self._ledger.asked_by(asker, self._ledger.record(part))
                if addressed is not None:
                    yield addressed

    def perform(self, request: Request, rows: np.ndarray) -> Iterable[dict[str, Any]]:
        """Performs some rows of a request and gives replies to it, or to earlier ones, without `seq`."""
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
        """Of what was added since they were last asked for."""
        told, self._envs = self._envs, defaultdict(list)
        return [Replies.failed(envs, code, message) for (code, message), envs in told.items() if envs]
