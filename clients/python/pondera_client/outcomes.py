"""What single environments answered, and the replies made of it."""

from __future__ import annotations

from typing import Any, NamedTuple, Sequence

from .batches import stack, within
from .replies import Replies


class Began(NamedTuple):
    """An episode's beginning."""

    env: int
    obs: Any
    info: dict


class Stepped(NamedTuple):
    """A step, and the beginning of the next episode where it ended one."""

    env: int
    obs: Any
    reward: float
    terminated: bool
    truncated: bool
    info: dict
    next: Began | None


def began_reply(replies: Replies, observation_space: dict, outcomes: Sequence[Began]) -> dict[str, Any]:
    """`began` of one outcome or more.

    Raises:
        Misfit: where an observation or a mask does not fit its space.
    """
    envs, observations, infos = zip(*outcomes)
    return replies.began(envs, _batch(observation_space, observations), infos)


def stepped_reply(replies: Replies, observation_space: dict, outcomes: Sequence[Stepped]) -> dict[str, Any]:
    """`stepped`, as `began_reply`."""
    envs, observations, rewards, terminated, truncated, infos, nexts = zip(*outcomes)
    first, begun = None, [began for began in nexts if began is not None]
    if begun:
        _, first_observations, first_infos = zip(*begun)
        first = _batch(observation_space, first_observations), first_infos
    obs = _batch(observation_space, observations)
    return replies.stepped(envs, obs, rewards, terminated, truncated, infos, first)


def _batch(observation_space: dict, observations: Sequence[Any]) -> Any:
    return within(observation_space, stack(observation_space, observations), len(observations))
