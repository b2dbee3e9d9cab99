"""Exactly once: each environment's latest request and its reply."""

from __future__ import annotations

from typing import Any, Hashable

import numpy as np

from .batches import take
from .errors import WireError


class Ledger:
    """Knows of each of `count` environments which request is its latest, who asked, and the reply to it.

    A reply is kept whole, and each environment of it remembers its row: rows are only cut out where a part of a
    reply has to be sent again.
    """

    def __init__(self, count: int, observation_space: dict):
        self._observation_space = observation_space
        self._seq = np.zeros(count, np.int64)
        self._askers: list[Hashable] = [None] * count
        self._answers: list[tuple[dict, int] | None] = [None] * count

    def admit(self, envs: np.ndarray, seq: np.ndarray, asker: Hashable) -> np.ndarray:
        """Whether each request is a new one, booleans [k]; those that are not are repetitions of the latest.

        Raises:
            WireError: `SEQUENCE`; then none is admitted.
        """
        ahead = seq.astype(np.int64) - self._seq[envs]
        fresh = ahead == 1
        wrong = ~fresh & ((ahead != 0) | (seq == 0))
        if wrong.any():
            env, got = int(envs[wrong.argmax()]), seq[wrong.argmax()]
            raise WireError("SEQUENCE", f"env {env}: got seq {got}, the latest was {self._seq[env]}")
        for env in envs[fresh].tolist():
            if self._seq[env] > 0 and self._answers[env] is None:
                raise WireError("SEQUENCE", f"env {env}: its request {self._seq[env]} is still in flight")
        self._seq[envs] = seq
        for env, new in zip(envs.tolist(), fresh.tolist()):
            self._askers[env] = asker
            if new:
                self._answers[env] = None
        return fresh

    def record(self, reply: dict[str, Any]) -> dict[str, Any]:
        """Completes a reply with its `seq` and keeps it."""
        reply["seq"] = self._seq[reply["envs"]].astype(np.uint32)
        for row, env in enumerate(reply["envs"].tolist()):
            self._answers[env] = (reply, row)
        return reply

    def asked_by(self, asker: Hashable, reply: dict[str, Any]) -> dict[str, Any] | None:
        """The reply less the rows somebody else asked for: on a connection that has ended since."""
        mine = [row for row, env in enumerate(reply["envs"].tolist()) if self._askers[env] is asker]
        return self.rows(reply, mine, len(reply["envs"])) if mine else None

    def repeat(self, envs: np.ndarray) -> list[dict[str, Any]]:
        """The replies of environments once more, as far as there are any yet."""
        rows: dict[int, tuple[dict, list[int]]] = {}
        for answer in (self._answers[env] for env in envs.tolist()):
            if answer is not None:
                reply, row = answer
                rows.setdefault(id(reply), (reply, []))[1].append(row)
        return [self.rows(reply, kept, len(reply["envs"])) for reply, kept in rows.values()]

    def rows(self, fields: dict[str, Any], rows: list[int], k: int) -> dict[str, Any]:
        """Some of the k rows of a reply, or of its `next`."""
        if rows == list(range(k)):
            return fields
        part = {}
        for name, value in fields.items():
            if name == "obs":
                part[name] = take(self._observation_space, value, np.array(rows))
            elif name == "next":
                places = [place for place, row in enumerate(value["at"].tolist()) if row in rows]
                if places:
                    at = [rows.index(value["at"][place]) for place in places]
                    part[name] = {**self.rows(value, places, len(value["at"])), "at": np.array(at, np.int32)}
            elif isinstance(value, np.ndarray):
                part[name] = value[rows]
            elif isinstance(value, list):
                part[name] = [value[row] for row in rows]
            else:
                part[name] = value
        return part
