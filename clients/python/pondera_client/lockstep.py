"""A vector environment stepped as a whole; `vector_modes` has what is each autoreset mode's own."""

from __future__ import annotations

from typing import Any, NamedTuple, Sequence

import numpy as np

from .batches import conform, take, within
from .info_rows import info_rows
from .values import flags, numbers


class Turn(NamedTuple):
    """What k environments answered to a step.

    Attributes:
        envs: which, integers [k].
        obs: a batch of k.
        reward: float64 [k].
        terminated, truncated: booleans [k].
        infos: k of them.
        begun: first observations and infos of the next episodes of those that have ended, None where none has.
    """

    envs: np.ndarray
    obs: Any
    reward: np.ndarray
    terminated: np.ndarray
    truncated: np.ndarray
    infos: list[dict]
    begun: tuple[Any, list[dict]] | None = None

    @property
    def ended(self) -> np.ndarray:
        return self.terminated | self.truncated


class Lockstep:
    """A vector environment of n, and the batches of its observations as `space` has them.

    Attributes:
        resets_part: whether `reset` takes a mask.
        held: those whose step is done but not yet answered.
    """

    resets_part = True
    held: frozenset[int] = frozenset()

    def __init__(self, vector: Any, space: dict):
        self.vector = vector
        self.space = space
        self._filler = vector.single_action_space.sample()

    def reset(
        self, seeds: Sequence[int | None], options: dict | None, mask: np.ndarray | None
    ) -> tuple[Any, list[dict]]:
        """Resets those of the mask, or all; n observations and infos."""
        seed: Any = list(seeds)
        if not is_gymnasiums(self.vector):
            # others take one seed for all
            seed = next((seed for seed in seeds if seed is not None), None)
        if mask is not None:
            options = {**(options or {}), "reset_mask": mask}
        obs, infos = self.vector.reset(seed=seed, options=options)
        return self._conform(obs), info_rows(infos, self.vector.num_envs)

    def rows(self, obs: Any, infos: list[dict], envs: np.ndarray) -> tuple[Any, list[dict]]:
        """Those of some; copied, as the environment may write into its arrays again."""
        return take(self.space, obs, envs), [infos[env] for env in envs]

    def step(self, actions: dict[int, Any]) -> list[Turn]:
        """Steps all, those without an action with any; answers for those with one, as far as is known."""
        raise NotImplementedError

    def step_all(self, actions: dict[int, Any]) -> Turn:
        from gymnasium.vector.utils import concatenate, create_empty_array

        n, space = self.vector.num_envs, self.vector.single_action_space
        chosen = [actions.get(env, self._filler) for env in range(n)]
        batch = concatenate(space, chosen, create_empty_array(space, n))
        obs, reward, terminated, truncated, infos = self.vector.step(batch)
        ends = flags(terminated, n, "terminated"), flags(truncated, n, "truncated")
        return Turn(np.arange(n), self._conform(obs), numbers(reward, n, "reward"), *ends, info_rows(infos, n))

    def _conform(self, obs: Any) -> Any:
        n = self.vector.num_envs
        return within(self.space, conform(self.space, obs, n), n)

    def only(self, turn: Turn, envs: np.ndarray) -> Turn:
        """A turn of all, for some."""
        obs, infos = self.rows(turn.obs, turn.infos, envs)
        return Turn(envs, obs, turn.reward[envs], turn.terminated[envs], turn.truncated[envs], infos)


def is_gymnasiums(vector: Any) -> bool:
    """Whether it takes a list of seeds and a mask, as Gymnasium's own do."""
    from gymnasium.vector import AsyncVectorEnv, SyncVectorEnv

    return isinstance(vector.unwrapped, (AsyncVectorEnv, SyncVectorEnv))
