"""Gymnasium's autoreset modes, made to answer as the protocol has it.

The protocol wants the true final observation and the next episode's first one together. Each mode has its way to them:

- `Masked`: those that have ended are reset at once by a mask, as every DISABLED environment can be, and a
  SyncVectorEnv in mode NEXT_STEP, which then has nothing left to reset.
- `SameStep`: a SAME_STEP environment gives both; the final ones are in the infos.
- `NextStep`: an environment that resets in its next step. What has ended is held back until the others step again.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from .batches import stack, within
from .lockstep import Lockstep, Turn, is_gymnasiums


class Masked(Lockstep):
    def step(self, actions: dict[int, Any]) -> list[Turn]:
        turn = self.step_all(actions)
        asked = self.only(turn, _sorted(actions))
        if turn.ended.any():
            first = self.reset([None] * len(turn.envs), None, turn.ended)
            if asked.ended.any():
                asked = asked._replace(begun=self.rows(*first, asked.envs[asked.ended]))
        return [asked]


class SameStep(Lockstep):
    def __init__(self, vector: Any, space: dict):
        super().__init__(vector, space)
        self.resets_part = is_gymnasiums(vector)

    def step(self, actions: dict[int, Any]) -> list[Turn]:
        turn, asked = self.step_all(actions), _sorted(actions)
        going, ended = (self.only(turn, asked[turn.ended[asked] == flag]) for flag in (False, True))
        if len(ended.envs) == 0:
            return [going]
        finals = [(info.pop("final_obs"), info.pop("final_info", {})) for info in ended.infos]
        final_obs, final_infos = zip(*finals)
        final = within(self.space, stack(self.space, final_obs), len(final_obs))
        ended = ended._replace(obs=final, infos=list(final_infos), begun=(ended.obs, ended.infos))
        return [going, ended] if len(going.envs) > 0 else [ended]


class NextStep(Lockstep):
    resets_part = False

    def __init__(self, vector: Any, space: dict):
        super().__init__(vector, space)
        self._ended: Turn | None = None

    def step(self, actions: dict[int, Any]) -> list[Turn]:
        turn, asked, turns = self.step_all(actions), _sorted(actions), []
        if self._ended is not None:
            turns.append(self._ended._replace(begun=self.rows(turn.obs, turn.infos, self._ended.envs)))
        going, ended = asked[~turn.ended[asked]], asked[turn.ended[asked]]
        if len(going) > 0:
            turns.append(self.only(turn, going))
        self._ended = self.only(turn, ended) if len(ended) > 0 else None
        self.held = frozenset(ended.tolist())
        return turns


def lockstep(vector: Any, space: dict) -> Lockstep:
    """The vector environment in the manner of its mode; NEXT_STEP is Gymnasium's where none is said."""
    from gymnasium.vector import SyncVectorEnv

    mode = vector.metadata.get("autoreset_mode")
    name = getattr(mode, "name", mode)
    if name == "SAME_STEP":
        return SameStep(vector, space)
    if name == "DISABLED" or (name == "NEXT_STEP" and isinstance(vector.unwrapped, SyncVectorEnv)):
        return Masked(vector, space)
    return NextStep(vector, space)


def _sorted(actions: dict[int, Any]) -> np.ndarray:
    return np.array(sorted(actions), np.int64)
