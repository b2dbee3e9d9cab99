"""An episode that a policy server plays."""

from __future__ import annotations

import math
import threading
from typing import TYPE_CHECKING, Any, Callable, Sequence

if TYPE_CHECKING:
    from .policy import Decision


class PolicySession:
    """An episode, which `Policy.session` makes. Threads may share one; its observations then go one after another.

    Where the policy has a memory, the server keeps what was seen and done, also while the connection is opened again.
    """

    def __init__(
        self, decide: Callable[..., Decision], forget: Callable[[int], None], history: int | None
    ):
        self._decide, self._forget, self._history = decide, forget, history
        self._lock = threading.Lock()
        self._step = 0

    def __enter__(self) -> PolicySession:
        return self

    def __exit__(self, *_: Any) -> None:
        self.close()

    def reset(self) -> None:
        """Begins another episode with the next observation."""
        with self._lock:
            self._step = 0

    def close(self) -> None:
        """Says that the episode does not go on, so that the server need not keep it; another `act` begins another one."""
        with self._lock:
            self._step = 0
            if self._history is not None:
                self._forget(self._history)

    def act(
        self,
        obs: Any,
        reward: float = 0.0,
        mask: Any = None,
        max_steps: int | None = None,
        deadline_ms: float | None = None,
        *,
        deterministic: bool | None = None,
        seed: int | None = None,
        earlier: Sequence[Any] = (),
    ) -> Any:
        """The action for the next observation of the episode.

        Args:
            obs: the observation.
            reward: the raw reward that followed the action before; a policy without a memory does not look at it.
            mask, max_steps, deadline_ms, deterministic, seed: as in `Policy.act`.
            earlier: observations that came since the one before and asked for no action, as in `info["earlier"]`; a policy
                without a memory does not look at them.

        Raises:
            ValueError: for a reward that is not finite.
            Misfit, WireError, TimeoutError: as `Policy.decide`; `REFUSED` where the server does not keep the episode any
                more: `reset` begins another.
        """
        drawn = {"deterministic": deterministic, "seed": seed}
        return self.decide(obs, reward, mask, max_steps, deadline_ms, **drawn, earlier=earlier).actions[0]

    def decide(
        self,
        obs: Any,
        reward: float = 0.0,
        mask: Any = None,
        max_steps: int | None = None,
        deadline_ms: float | None = None,
        trace: bool = False,
        *,
        deterministic: bool | None = None,
        seed: int | None = None,
        earlier: Sequence[Any] = (),
    ) -> Decision:
        """As `act`, and how it was thought: a `Decision` of one observation."""
        reward = float(reward)
        if not math.isfinite(reward):
            raise ValueError(f"reward: expected a finite number, got {reward}")
        drawn = {"deterministic": deterministic, "seed": seed}
        limits = {"maxSteps": max_steps, "deadlineMs": deadline_ms, **drawn, "trace": trace or None}
        masks = None if mask is None else [mask]
        if self._history is None:
            return self._decide([obs], masks, limits, [earlier])
        with self._lock:
            memory = {"history": [self._history], "step": [self._step], "reward": [reward]}
            decision = self._decide([obs], masks, limits, [earlier], memory)
            self._step += 1
            return decision
