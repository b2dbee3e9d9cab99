"""Environments that stand each on its own behind the protocol."""

from __future__ import annotations

import copy
import math
from contextlib import contextmanager, suppress
from typing import Any, Callable, Iterable, Iterator

import numpy as np

from .environments import describe, restore, snapshot
from .errors import Misfit
from .exchange import Exchange, Failures
from .outcomes import Began, Stepped, began_reply, stepped_reply
from .requests import Request


class Host(Exchange):
    """`count` environments of a factory, stepped one after another.

    An environment that throws, or whose answer does not fit its own spaces, is closed and made again at its next
    `reset`.

    Args:
        make: makes one environment.
        count: how many there are; all are made at once, so that a fault shows at once.
        unbounded: states no bounds of what they observe as floats; without it, to leave them is a fault.
    """

    def __init__(self, make: Callable[[], Any], count: int, unbounded: bool = False):
        self._make = make
        self._envs: list[Any] = [make() for _ in range(count)]
        super().__init__(describe(self._envs[0], unbounded=unbounded), count)

    def begin(self) -> None:
        super().begin()
        self._begun = [False] * self.count

    def perform(self, request: Request, rows: np.ndarray) -> list[dict[str, Any]]:
        failures = Failures()
        done = getattr(self, f"_{request.kind}")(request, rows, failures)
        return done + failures.replies()

    def close(self) -> None:
        for env in range(self.count):
            self._drop(env)

    def _reset(self, request: Request, rows: np.ndarray, failures: Failures) -> list[dict[str, Any]]:
        began = []
        for row in rows.tolist():
            env = int(request.envs[row])
            with self._faults(env, failures):
                began.append(self._begin(env, seed=request.seeds[row], options=request.options))
        return self._built(began_reply, began, failures)

    def _begin(self, env: int, **options: Any) -> Began:
        if self._envs[env] is None:
            self._envs[env] = self._make()
        obs, info = self._envs[env].reset(**options)
        self._begun[env] = True
        return Began(env, obs, info)

    def _step(self, request: Request, rows: np.ndarray, failures: Failures) -> list[dict[str, Any]]:
        stepped = []
        for row, action in self.read_actions(request, rows, failures).items():
            env = int(request.envs[row])
            if not self._begun[env]:
                failures.add([env], "REFUSED", "step before reset")
                continue
            with self._faults(env, failures):
                stepped.append(self._step_one(env, action))
        return self._built(stepped_reply, stepped, failures)

    def _step_one(self, env: int, action: Any) -> Stepped:
        obs, reward, terminated, truncated, info = self._envs[env].step(action)
        reward = float(reward)
        if not math.isfinite(reward):
            raise ValueError(f"a reward of {reward}")
        if not (terminated or truncated):
            return Stepped(env, obs, reward, False, False, info, None)
        # the next episode may be written into the same arrays
        obs, info = copy.deepcopy(obs), copy.deepcopy(info)
        return Stepped(env, obs, reward, terminated, truncated, info, self._begin(env))

    def _built(self, build: Callable[..., dict], outcomes: list, failures: Failures) -> list[dict[str, Any]]:
        """The reply of all outcomes; where some do not fit their space, those fail and the reply goes without them."""
        space, replies = self._observation_space, self.replies
        try:
            return [build(replies, space, outcomes)] if outcomes else []
        except Misfit:
            fitting = []
            for outcome in outcomes:
                with self._faults(outcome.env, failures):
                    build(replies, space, [outcome])
                    fitting.append(outcome)
            return [build(replies, space, fitting)] if fitting else []

    def _snapshot(self, request: Request, rows: np.ndarray, failures: Failures) -> list[dict[str, Any]]:
        states = {}
        for env in self._that_can("snapshots", request, rows, failures):
            if not self._begun[env]:
                failures.add([env], "REFUSED", "snapshot before reset")
                continue
            with self._faults(env, failures):
                states[env] = snapshot(self._envs[env])
        return [{"t": "snapshots", "envs": _indices(states), "states": list(states.values())}] if states else []

    def _restore(self, request: Request, rows: np.ndarray, failures: Failures) -> list[dict[str, Any]]:
        restored = []
        for row, env in zip(rows, self._that_can("snapshots", request, rows, failures)):
            with self._faults(env, failures):
                if not self._begun[env]:
                    # wrappers want a reset before the first step
                    self._begin(env)
                restore(self._envs[env], request.states[row])
                restored.append(env)
        return [{"t": "restored", "envs": _indices(restored)}] if restored else []

    def _render(self, request: Request, rows: np.ndarray, failures: Failures) -> list[dict[str, Any]]:
        self._that_can("render", request, rows, failures)
        return []

    def _that_can(self, ability: str, request: Request, rows: np.ndarray, failures: Failures) -> list[int]:
        """The environments of a request, or none where they have not that ability."""
        envs = request.envs[rows].tolist()
        if self.description[ability]:
            return envs
        failures.add(envs, "REFUSED", f"these environments cannot {request.kind}")
        return []

    @contextmanager
    def _faults(self, env: int, failures: Failures) -> Iterator[None]:
        """Whatever goes wrong inside is the environment's fault: it fails, alone, and is done with."""
        try:
            yield
        except Exception as error:
            failures.threw([env], error)
            self._drop(env)

    def _drop(self, env: int) -> None:
        broken, self._envs[env], self._begun[env] = self._envs[env], None, False
        if broken is not None:
            with suppress(Exception):
                broken.close()


def _indices(envs: Iterable[int]) -> np.ndarray:
    return np.array(list(envs), np.int32)
