"""A trained policy behind `/v1/policy`, asked from ordinary, synchronous code."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass
from itertools import count
from typing import Any, Iterator, Sequence

import numpy as np

from .batches import conform, stack, unstack
from .policy_link import PolicyLink
from .policy_session import PolicySession
from .masks import choices_of, flat_mask
from .spaces import space_from_json


@dataclass
class Decision:
    """What a policy decided for k observations.

    Attributes:
        actions: k actions of the action space.
        ponder_steps: int32 [k], the ponder steps each took.
        cut: booleans [k], whether a limit ended the thought.
        policy_version: environment steps the policy had been trained for.
        thoughts: with `trace`, k maps of `halts`, `values` and `actions`.
    """

    actions: list[Any]
    ponder_steps: np.ndarray
    cut: np.ndarray
    policy_version: int
    thoughts: list[dict] | None


@dataclass
class Token:
    """A token that a policy generated.

    Attributes:
        token: a value of the action space.
        text: its name, or its number where the space names none.
        log_prob: ln of the probability with which it was drawn.
        ponder_steps: the ponder steps before it.
        policy_version: environment steps the policy had been trained for that wrote it.
        end: on the last one why there is no other, "stop", "maxTokens" or "deadline"; None on others.
        thought: {"halts", "values", "actions"}, lists with an entry for each ponder step, where it was asked for (`trace`).
    """

    token: int
    text: str
    log_prob: float
    ponder_steps: int
    policy_version: int
    end: str | None
    thought: dict[str, list] | None = None


class Policy:
    """A policy server's client. Threads may share one; their requests then go one after another.

    Args:
        url: the server's, with or without the path.
        token: the server's.
        timeout: seconds for which to try to reach it, in the beginning and whenever a connection breaks, and to wait
            for a reply.

    Attributes:
        name: the policy's.
        policy_version: environment steps it had been trained for, as of the latest reply.
        min_steps, max_steps: the bounds of its ponder steps.
        memory_length: moments of an episode to which it attends; 0 for a policy without a memory.
        observation_space, action_space: Gymnasium's spaces, or the protocol's tagged maps where it is not installed.

    Raises:
        WireError: where the server refuses.
        TimeoutError: where it cannot be reached.
    """

    def __init__(self, url: str, token: str | None = None, timeout: float = 30):
        self._link = PolicyLink(url, token, timeout)
        policy = self._link.policy
        self.name: str = policy["name"]
        self.policy_version: int = policy["version"]
        self.min_steps, self.max_steps = policy["minSteps"], policy["maxSteps"]
        self.memory_length: int = policy.get("memory", {}).get("length", 0)
        self._histories = count()
        self._observations, self._actions = policy["observationSpace"], policy["actionSpace"]
        self.observation_space, self.action_space = _space(self._observations), _space(self._actions)

    def __enter__(self) -> Policy:
        return self

    def __exit__(self, *_: Any) -> None:
        self.close()

    def close(self) -> None:
        """Closes the connection; whoever asks after that opens another."""
        self._link.close()

    def session(self) -> PolicySession:
        """An episode, for a policy with a memory: the server keeps what was seen and done in it.

        Of a policy without one, its `act` is that of the policy. There may be any number.
        """
        return PolicySession(self._decide, self._link.forget, next(self._histories) if self.memory_length else None)

    def act(
        self,
        obs: Any,
        mask: Any = None,
        max_steps: int | None = None,
        deadline_ms: float | None = None,
        *,
        deterministic: bool | None = None,
        seed: int | None = None,
        earlier: Sequence[Any] = (),
        action_mask: Any = None,
    ) -> Any:
        """The action for one observation, with which an episode begins; the mask has an entry for each choice, 1 = allowed, as an environment gives it.

        It is the most likely one, or with deterministic=False one that is drawn, by `seed` where it is given.
        `earlier` are observations before it that asked for no action, such as a prompt, which a policy with a memory
        remembers. `action_mask` is the mask's old name.
        """
        given = action_mask if mask is None else mask
        masks = None if given is None else [given]
        drawn = {"deterministic": deterministic, "seed": seed}
        return self.decide([obs], masks, max_steps, deadline_ms, **drawn, earlier=[earlier]).actions[0]

    def act_batch(
        self,
        observations: Sequence[Any],
        masks: Sequence[Any] | None = None,
        max_steps: int | None = None,
        deadline_ms: float | None = None,
        *,
        deterministic: bool | None = None,
        seed: int | None = None,
        earlier: Sequence[Sequence[Any]] | None = None,
        action_masks: Sequence[Any] | None = None,
    ) -> list[Any]:
        """The k actions for k observations, and k lists of those before them; `action_masks` is the masks' old name."""
        drawn = {"deterministic": deterministic, "seed": seed}
        masks = action_masks if masks is None else masks
        return self.decide(observations, masks, max_steps, deadline_ms, **drawn, earlier=earlier).actions

    def decide(
        self,
        observations: Sequence[Any],
        masks: Sequence[Any] | None = None,
        max_steps: int | None = None,
        deadline_ms: float | None = None,
        trace: bool = False,
        *,
        deterministic: bool | None = None,
        seed: int | None = None,
        earlier: Sequence[Sequence[Any]] | None = None,
        action_masks: Sequence[Any] | None = None,
    ) -> Decision:
        """As `act_batch`, and how it was thought.

        Raises:
            Misfit: for an observation, also an earlier one, that has not the form of its space.
            WireError: `REFUSED` or `OVERLOADED`, or where the server ends the connection for good.
            TimeoutError: where no reply came in time.
        """
        masks = action_masks if masks is None else masks
        drawn = {"deterministic": deterministic, "seed": seed}
        limits = {"maxSteps": max_steps, "deadlineMs": deadline_ms, **drawn, "trace": trace or None}
        return self._decide(observations, masks, limits, earlier)

    def generate(
        self,
        prompt: str | Sequence[int],
        max_tokens: int | None = None,
        *,
        temperature: float | None = None,
        top_p: float | None = None,
        stop: str | int | Sequence[str | int] | None = None,
        seed: int | None = None,
        max_steps: int | None = None,
        deadline_ms: float | None = None,
        trace: bool = False,
    ) -> Iterator[Token]:
        """The tokens after a prompt, a text of the run's tokens or a list of them, each as soon as it is written.

        To leave the loop ends the generation. It has a connection of its own, so the policy can be asked meanwhile. `timeout`
        is the time to wait for each token. docs/generating.md has the arguments.

        Raises:
            WireError: `REFUSED` for a prompt that does not fit or a policy that generates no tokens, or `OVERLOADED`.
            ConnectionError, TimeoutError, WireError: which say after how many tokens, where it is cut off.
        """
        fields = {
            "prompt": prompt if isinstance(prompt, str) else list(prompt),
            "maxTokens": max_tokens,
            "temperature": temperature,
            "topP": top_p,
            "stop": stop if stop is None or isinstance(stop, (str, int)) else list(stop),
            "seed": seed,
            "maxSteps": max_steps,
            "deadlineMs": deadline_ms,
            "trace": trace or None,
        }
        given = {name: value for name, value in fields.items() if value is not None}
        with closing(self._link.stream(given)) as replies:
            for reply in replies:
                self.policy_version = reply["policyVersion"]
                yield Token(
                    reply["token"],
                    reply["text"],
                    reply["logProb"],
                    reply["ponderSteps"],
                    self.policy_version,
                    reply.get("end"),
                    reply.get("thought"),
                )

    def _decide(
        self,
        observations: Sequence[Any],
        masks: Sequence[Any] | None,
        limits: dict,
        earlier: Sequence[Sequence[Any]] | None = None,
        memory: dict | None = None,
    ) -> Decision:
        fields = {
            "obs": stack(self._observations, observations),
            "actionMask": None if masks is None else self._masks(masks),
            "earlier": self._earlier(earlier or ()),
            "memory": memory,
            **limits,
        }
        reply = self._link.ask({name: value for name, value in fields.items() if value is not None})
        k = len(observations)
        self.policy_version = reply["policyVersion"]
        actions = unstack(self._actions, conform(self._actions, reply["actions"], k), k)
        ponder_steps, cut = np.asarray(reply["steps"], np.int32), np.asarray(reply["cut"], bool)
        return Decision(actions, ponder_steps, cut, self.policy_version, reply.get("thoughts"))

    def _earlier(self, given: Sequence[Sequence[Any]]) -> list | None:
        """The observations before each as they travel; None where there are none."""
        batches = [stack(self._observations, one) if len(one) else None for one in given]
        return batches if any(batch is not None for batch in batches) else None

    def _masks(self, given: Sequence[Any]) -> np.ndarray:
        """Masks as they travel; None is one that allows all."""
        choices = choices_of(self._actions)
        masks = np.ones((len(given), choices), np.uint8)
        for row, mask in zip(masks, given):
            if mask is not None:
                row[:] = flat_mask(self._actions, mask)
        return masks


def _space(space: dict) -> Any:
    try:
        return space_from_json(space)
    except ImportError:
        return space
