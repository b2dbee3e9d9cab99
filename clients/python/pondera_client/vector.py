"""A Gymnasium VectorEnv behind the protocol: stepped in lockstep, whatever frames its environments are asked in."""

from __future__ import annotations

from contextlib import suppress
from typing import Any, Callable

import numpy as np

from .environments import describe
from .exchange import Exchange, Failures
from .lockstep import Lockstep
from .requests import Request
from .vector_modes import lockstep


class VectorHost(Exchange):
    """`count` environments that can only be stepped all at once.

    Steps wait until every environment that has been reset is asked to step; one that never was is stepped along. Where
    a reset or a step throws, all fail, and the vector environment is made again at the next reset.

    Args:
        make: makes the vector environment of so many environments.
        count: how many.
        unbounded: as `Host`'s.
    """

    def __init__(self, make: Callable[[int], Any], count: int, unbounded: bool = False):
        self._make = make
        vector = make(count)
        description = describe(vector, vector.single_observation_space, vector.single_action_space, unbounded)
        self._vector: Lockstep | None = lockstep(vector, description["observationSpace"])
        super().__init__(description, count)

    def begin(self) -> None:
        super().begin()
        if self._vector is not None:
            self._vector = lockstep(self._vector.vector, self._observation_space)
        self._forget()
        self._lost = np.zeros(self.count, bool)

    def _forget(self) -> None:
        """Nothing has been reset, nothing is waited for."""
        self._started = False
        self._begun = np.zeros(self.count, bool)
        self._actions: dict[int, Any] = {}
        self._seeds: dict[int, int | None] = {}

    def perform(self, request: Request, rows: np.ndarray) -> list[dict[str, Any]]:
        failures = Failures()
        if request.kind == "reset":
            self._seeds.update((int(request.envs[row]), request.seeds[row]) for row in rows)
        elif request.kind == "step":
            self._note_actions(request, rows, failures)
        else:
            failures.add(request.envs[rows], "REFUSED", f"a vector environment cannot {request.kind}")
        try:
            done = self._resets(request.options, failures) + self._steps()
        except Exception as error:
            done = []
            failures.threw(self._give_up(), error)
        return done + failures.replies()

    def close(self) -> None:
        broken, self._vector = self._vector, None
        if broken is not None:
            with suppress(Exception):
                broken.vector.close()

    def _note_actions(self, request: Request, rows: np.ndarray, failures: Failures) -> None:
        for row, action in self.read_actions(request, rows, failures).items():
            env = int(request.envs[row])
            if self._begun[env]:
                self._actions[env] = action
            elif self._lost[env]:
                failures.add([env], "ENV_FAILED", "the vector environment failed")
            else:
                failures.add([env], "REFUSED", "step before reset")

    def _resets(self, options: dict | None, failures: Failures) -> list[dict[str, Any]]:
        """Resets those that asked for it; an environment that cannot reset a part waits until all have asked."""
        if not self._seeds:
            return []
        if self._vector is None:
            self._vector = lockstep(self._make(self.count), self._observation_space)
        if not self._vector.resets_part and len(self._seeds) < self.count:
            if len(self._seeds.keys() | self._waiting()) == self.count:
                failures.add(self._seeds, "REFUSED", "this vector environment can only be reset as a whole")
                self._seeds = {}
            return []
        envs, seeds = np.array(sorted(self._seeds), np.int32), [self._seeds.get(env) for env in range(self.count)]
        # the first reset is of all, also where only some have asked
        mask = np.isin(np.arange(self.count), envs) if self._started else None
        obs, infos = self._vector.rows(*self._vector.reset(seeds, options, mask), envs)
        reply = self.replies.began(envs, obs, infos)
        self._started, self._seeds = True, {}
        self._begun[envs], self._lost[envs] = True, False
        return [reply]

    def _steps(self) -> list[dict[str, Any]]:
        """Steps while every environment in an episode is waiting for it."""
        replies: list[dict[str, Any]] = []
        while self._waiting() and self._waiting().issuperset(np.flatnonzero(self._begun).tolist()):
            for turn in self._vector.step(self._actions):
                replies.append(self.replies.stepped(*turn))
            self._actions = {}
        return replies

    def _waiting(self) -> set[int]:
        held = self._vector.held if self._vector is not None else frozenset()
        return self._actions.keys() | held

    def _give_up(self) -> list[int]:
        """Closes what threw; returns those who were waiting for it."""
        waiting = sorted(self._seeds.keys() | self._waiting())
        self.close()
        self._lost |= self._begun
        self._forget()
        return waiting
