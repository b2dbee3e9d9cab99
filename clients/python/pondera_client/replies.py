"""The replies of environments; `seq` is the ledger's to add."""

from __future__ import annotations

from typing import Any, Sequence

import numpy as np

from .remarks import remarks, say_once


class Replies:
    """Builds the replies of environments of one kind, from batches that conform to their spaces."""

    def __init__(self, description: dict):
        self._spaces = description["observationSpace"], description["actionSpace"]
        self._say = say_once()

    def began(self, envs: Sequence[int], obs: Any, infos: Sequence[dict]) -> dict[str, Any]:
        return {"t": "began", "envs": _indices(envs), "obs": obs, **self._remarks(obs, infos)}

    def _remarks(self, obs: Any, infos: Sequence[dict]) -> dict[str, Any]:
        return remarks(self._spaces, obs, infos, self._say)

    def stepped(
        self,
        envs: Sequence[int],
        obs: Any,
        reward: Sequence[float],
        terminated: Sequence[bool],
        truncated: Sequence[bool],
        infos: Sequence[dict],
        begun: tuple[Any, Sequence[dict]] | None,
    ) -> dict[str, Any]:
        """`begun`: the first observations and infos of the next episodes of those that have ended, in order."""
        reply = {
            "t": "stepped",
            "envs": _indices(envs),
            "obs": obs,
            "reward": np.array(reward, np.float64),
            "terminated": np.array(terminated, np.uint8),
            "truncated": np.array(truncated, np.uint8),
            **self._remarks(obs, infos),
        }
        if begun is not None:
            at = np.flatnonzero(reply["terminated"] | reply["truncated"])
            first, first_infos = begun
            reply["next"] = {"at": _indices(at), "obs": first, **self._remarks(first, first_infos)}
        return reply

    @staticmethod
    def failed(envs: Sequence[int], code: str, message: str) -> dict[str, Any]:
        return {"t": "failed", "envs": _indices(envs), "code": code, "message": message}


def _indices(envs: Sequence[int]) -> np.ndarray:
    return np.array(envs, np.int32)
