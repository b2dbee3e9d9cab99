"""One Gymnasium environment: what it is, and its state."""

from __future__ import annotations

from typing import Any, Callable

from .spaces import space_to_json, without_bounds
from .states import from_text, to_text


def describe(
    env: Any, observation_space: Any = None, action_space: Any = None, unbounded: bool = False
) -> dict[str, Any]:
    """An environment as `welcome.env` has it; a vector environment's single spaces are given beside it.

    Args:
        unbounded: states no bounds of what is observed as floats.

    Raises:
        SpaceError: for a space that cannot travel.
    """
    spec = getattr(env, "spec", None)
    snapshots = observation_space is None and all(_method(env, name) is not None for name in ("snapshot", "restore"))
    observed = space_to_json(observation_space or env.observation_space)
    description = {
        "id": spec.id if spec else type(env.unwrapped).__name__,
        "observationSpace": without_bounds(observed) if unbounded else observed,
        "actionSpace": space_to_json(action_space or env.action_space),
        "snapshots": snapshots,
        "render": False,
    }
    steps = getattr(spec, "max_episode_steps", None)
    return {**description, "maxEpisodeSteps": int(steps)} if steps else description


def snapshot(env: Any) -> dict[str, Any]:
    """The state of an environment that has `snapshot()`, with the steps its time limits have counted.

    Raises:
        TypeError: where what it returns cannot be saved exactly, with the path.
    """
    return {"json": to_text(_method(env, "snapshot")()), "elapsed": [limit._elapsed_steps for limit in _limits(env)]}


def restore(env: Any, state: dict[str, Any]) -> None:
    """Puts an environment that has `restore(state)` into a state that `snapshot` gave."""
    # older versions sent what the environment gave as it was
    own = from_text(state["json"]) if "json" in state else state["env"]
    _method(env, "restore")(own)
    for limit, elapsed in zip(_limits(env), state["elapsed"]):
        limit._elapsed_steps = elapsed


def _method(env: Any, name: str) -> Callable[..., Any] | None:
    """The outermost wrapper's method of that name, or the environment's own."""
    for layer in _layers(env):
        if callable(getattr(type(layer), name, None)):
            return getattr(layer, name)
    return None


def _layers(env: Any) -> list[Any]:
    layers = [env]
    while layers[-1] is not env.unwrapped:
        layers.append(layers[-1].env)
    return layers


def _limits(env: Any) -> list[Any]:
    # Gymnasium's TimeLimit says how far it is in no other way
    return [layer for layer in _layers(env) if "_elapsed_steps" in vars(layer)]
