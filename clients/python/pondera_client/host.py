"""Environments that stand each on its own behind the protocol."""

from __future__ import annotations

import copy
from contextlib import contextmanager, suppress
from typing import Any, Callable, Iterable, Iterator, TypeVar

import numpy as np

from .environments import describe, restore, snapshot
from .errors import Misfit
from .exchange import Exchange, Failures
from .outcomes import Began, Stepped, began_reply, stepped_reply
from .requests import Request
from .turns import in_turns
from .values import flag, number

T = TypeVar("T")


class Host(Exchange):
    """`count` environments of a factory, stepped one after another; what is ready by then is answered before the rest.

    An environment that throws, or whose answer does not fit its own spaces, is closed and made again at its next
    `reset`.

    Args:
        make: makes one environment.
        count: how many there are; all are made at once, so that a fault shows at once.
        unbounded: states no bounds of what they observe as floats; without it, to leave them is a fault.
        name: of the environments, where they do not have their own.
    """

    def __init__(self, make: Callable[[], Any], count: int, unbounded: bool = False, name: str | None = None):
        self._make = make
        self._envs: list[Any] = [make() for _ in range(count)]
        description = describe(self._envs[0], unbounded=unbounded)
        super().__init__({**description, "id": name or description["id"]}, count)

    def begin(self) -> None:
        super().begin()
        self._begun = [False] * self.count

    def perform(self, request: Request, rows: np.ndarray) -> Iterator[dict[str, Any]]:
        failures = Failures()
        for done in getattr(self, f"_{request.kind}")(request, rows, failures):
            yield from done + failures.replies()
        yield from failures.replies()

    def close(self) -> None:
        for env in range(self.count):
            self._drop(env)

    def _reset(self, request: Request, rows: np.ndarray, failures: Failures) -> Iterator[list[dict[str, Any]]]:
        def reset(row: int) -> Began | None:
            env = int(request.envs[row])
            return self._try(env, failures, lambda: self._begin(env, seed=request.seeds[row], options=request.options))

        for began in in_turns(rows.tolist(), reset):
            yield self._built(began_reply, began, failures)

    def _begin(self, env: int, **options: Any) -> Began:
        if self._envs[env] is None:
            self._envs[env] = self._make()
        obs, info = self._envs[env].reset(**options)
        self._begun[env] = True
        return Began(env, obs, info)

    def _step(self, request: Request, rows: np.ndarray, failures: Failures) -> Iterator[list[dict[str, Any]]]:
        def step(asked: tuple[int, Any]) -> Stepped | None:
            row, action = asked
            env = int(request.envs[row])
            if not self._begun[env]:
                failures.add([env], "REFUSED", "step before reset")
                return None
            return self._try(env, failures, lambda: self._step_one(env, action))

        for stepped in in_turns(self.read_actions(request, rows, failures).items(), step):
            yield self._built(stepped_reply, stepped, failures)

    def _step_one(self, env: int, action: Any) -> Stepped:
        obs, reward, terminated, truncated, info = self._envs[env].step(action)
        reward = number(reward, "reward")
        terminated, truncated = flag(terminated, "terminated"), flag(truncated, "truncated")
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

    def _snapshot(self, request: Request, rows: np.ndarray, failures: Failures) -> Iterator[list[dict[str, Any]]]:
        def save(env: int) -> tuple[int, Any] | None:
            if not self._begun[env]:
                failures.add([env], "REFUSED", "snapshot before reset")
                return None
            return self._try(env, failures, lambda: (env, snapshot(self._envs[env])))

        for saved in in_turns(self._that_can("snapshots", request, rows, failures), save):
            envs, states = zip(*saved) if saved else ((), ())
            yield [{"t": "snapshots", "envs": _indices(envs), "states": list(states)}] if saved else []

    def _restore(self, request: Request, rows: np.ndarray, failures: Failures) -> Iterator[list[dict[str, Any]]]:
        def put_back(asked: tuple[int, int]) -> int | None:
            row, env = asked
            return self._try(env, failures, lambda: self._put_back(env, request.states[row]))

        able = self._that_can("snapshots", request, rows, failures)
        for restored in in_turns(zip(rows.tolist(), able), put_back):
            yield [{"t": "restored", "envs": _indices(restored)}] if restored else []

    def _put_back(self, env: int, state: Any) -> int:
        if not self._begun[env]:
            # wrappers want a reset before the first step
            self._begin(env)
        restore(self._envs[env], state)
        return env

    def _render(self, request: Request, rows: np.ndarray, failures: Failures) -> Iterator[list[dict[str, Any]]]:
        self._that_can("render", request, rows, failures)
        yield []

    def _that_can(self, ability: str, request: Request, rows: np.ndarray, failures: Failures) -> list[int]:
        """The environments of a request, or none where they have not that ability."""
        envs = request.envs[rows].tolist()
        if self.description[ability]:
            return envs
        failures.add(envs, "REFUSED", f"these environments cannot {request.kind}")
        return []

    def _try(self, env: int, failures: Failures, verb: Callable[[], T]) -> T | None:
        with self._faults(env, failures):
            return verb()
        return None

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
