"""What the agents of a PettingZoo environment have in common."""

from __future__ import annotations

import copy
from typing import Any, Sequence

import numpy as np

from .errors import SpaceError


def shared_spaces(env: Any, agents: Sequence[Any]) -> tuple[Any, Any]:
    """What each agent observes, less the mask, and its actions, which are the same for all: they share a policy.

    Raises:
        SpaceError: where they are not the same.
    """
    shared = []
    for kind in ("observation_space", "action_space"):
        space, *others = [getattr(env, kind)(agent) for agent in agents]
        for agent, other in zip(agents[1:], others):
            if other != space:
                got = f"{space} for {agents[0]} and {other} for {agent}"
                raise SpaceError(f"expected one {kind} for all agents, which share a policy, got {got}; a wrapper helps")
        shared.append(space)
    observed, actions = shared
    return observed["observation"] if _is_masked(observed) else observed, actions


def unmasked(obs: Any, info: dict) -> tuple[Any, dict]:
    """An observation without its part `action_mask`, which goes into the info, where PettingZoo's games have it."""
    if not (isinstance(obs, dict) and obs.keys() == {"observation", "action_mask"}):
        return obs, info
    return obs["observation"], {**info, "action_mask": np.asarray(obs["action_mask"], np.int8)}


class FirstAgents:
    """A parallel environment of which only the first agents are seen: the others act at random, by the seed of the reset."""

    def __init__(self, env: Any, count: int):
        self._env = env
        self._seen = env.possible_agents[:count]
        self._choices = {name: copy.deepcopy(env.action_space(name)) for name in env.possible_agents[count:]}
        self._masks: dict[Any, Any] = {}

    @property
    def agents(self) -> list[Any]:
        """Those that are seen and live."""
        return [name for name in self._env.agents if name in self._seen]

    def reset(self, seed: int | None = None, options: dict | None = None) -> tuple[dict, dict]:
        if seed is not None:
            for i, choices in enumerate(self._choices.values()):
                choices.seed(seed + i)
        return self._shown(*self._env.reset(seed=seed, options=options))

    def step(self, actions: dict) -> tuple[dict, dict, dict, dict, dict]:
        others = [name for name in self._env.agents if name in self._choices]
        drawn = {name: self._choices[name].sample(self._masks[name]) for name in others}
        obs, rewards, terminations, truncations, infos = self._env.step({**actions, **drawn})
        obs, infos = self._shown(obs, infos)
        return obs, rewards, terminations, truncations, infos

    def close(self) -> None:
        self._env.close()

    def _shown(self, obs: dict, infos: dict) -> tuple[dict, dict]:
        """What those that are seen do, and the masks of the others."""
        shown = {name: unmasked(seen, infos.get(name, {})) for name, seen in obs.items()}
        self._masks = {name: info.get("action_mask") for name, (_, info) in shown.items() if name in self._choices}
        seen = [name for name in shown if name in self._seen]
        return {name: shown[name][0] for name in seen}, {name: shown[name][1] for name in seen}


def _is_masked(space: Any) -> bool:
    return hasattr(space, "spaces") and isinstance(space.spaces, dict) and space.spaces.keys() == {"observation", "action_mask"}
