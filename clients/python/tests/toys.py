"""Environments whose every answer is known."""

import gymnasium as gym
import numpy as np
from gymnasium.spaces import Box, Dict, Discrete, Text


class Count(gym.Env):
    """Observes (its seed or episode, steps so far) and ends after `length` steps; the same array every time."""

    observation_space = Box(-np.inf, np.inf, (2,), np.float64)
    action_space = Discrete(3, start=1)

    def __init__(self, length=3):
        self._length = length
        self._obs = np.zeros(2)

    def reset(self, *, seed=None, options=None):
        self._obs[:] = (self._obs[0] + 1 if seed is None else seed, 0)
        return self._obs, {}

    def step(self, action):
        self._obs[1] += 1
        return self._obs, float(action), self._obs[1] >= self._length, False, {}

    def snapshot(self):
        return {"obs": self._obs.tolist()}

    def restore(self, state):
        self._obs[:] = state["obs"]


class Moody(Count):
    """Throws at action 3, answers nonsense at action 2; keeps a list of what was closed."""

    closed = []

    def step(self, action):
        if action == 3:
            raise RuntimeError("no")
        obs, *rest = super().step(action)
        return (np.zeros(5) if action == 2 else obs, *rest)

    def close(self):
        self.closed.append(self)


class Stray(Count):
    """Leaves the bounds that it states at its second step."""

    observation_space = Dict({"at": Box(0, 1, (), np.float32), "tile": Box(0, 3, (), np.uint8)})

    def reset(self, **options):
        super().reset(**options)
        return self._seen(), {}

    def step(self, action):
        _, *rest = super().step(action)
        return (self._seen(), *rest)

    def _seen(self):
        return {"at": np.float32(self._obs[1]), "tile": np.uint8(3)}


class Telling(Count):
    """Says all an info can say."""

    def step(self, action):
        obs, reward, terminated, truncated, _ = super().step(action)
        info = {
            "action_mask": np.array([1, 0, 1], np.int8),
            "difficulty": np.float32(2),
            "is_success": np.bool_(terminated),
            "seen": np.arange(2),
            "metrics": {"turns": np.float32(self._obs[1]), "bad": float("nan")},
            "self": self,
            "bad": float("nan"),
        }
        return obs, reward, terminated, truncated, info


class Prompting(Count):
    """Begins with a prompt of two observations, and shows half a step before each step; action 3 gives what is none."""

    def reset(self, **options):
        obs, _ = super().reset(**options)
        return obs, {"earlier": [np.array([-2.0, 0.0]), np.array([-1.0, 0.0])]}

    def step(self, action):
        obs, *rest, _ = super().step(action)
        half = np.array([obs[0], obs[1] - 0.5])
        return (obs, *rest, {"earlier": "none" if action == 3 else [half]})


class Showing(Count):
    """Shows an action that an expert would take next, but at the end; the action 3 makes it one that is none. No seed is seen."""

    def reset(self, **options):
        obs, _ = super().reset(**options)
        obs[0] = 0
        return obs, {"demonstration": np.int64(2)}

    def step(self, action):
        obs, reward, terminated, truncated, _ = super().step(action)
        over = terminated or truncated
        return obs, reward, terminated, truncated, {"demonstration": None if over else 9 if action == 3 else 1}


class Spelling(gym.Env):
    """Names one of three words, and gives 1 for its spelling; an action that is no str is a fault."""

    words = ["a", "cb", "bca"]
    observation_space = Discrete(3)
    action_space = Text(3, charset="abc")

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        self._word = int(self.np_random.integers(3))
        return self._word, {}

    def step(self, action):
        assert isinstance(action, str) and self.action_space.contains(action), action
        return self._word, float(action == self.words[self._word]), True, False, {}


gym.register("Showing-v0", Showing)
gym.register("Spelling-v0", Spelling)
