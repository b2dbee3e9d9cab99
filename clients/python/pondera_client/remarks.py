"""What travels beside observations: action masks and infos."""

from __future__ import annotations

from typing import Any, Sequence

import numpy as np

from .errors import Misfit
from .plain import reduce_info


def choices_of(action_space: dict) -> int:
    """The length of an action mask; 0 where the space takes none."""
    if action_space["type"] == "discrete":
        return action_space["n"]
    return sum(action_space["nvec"]) if action_space["type"] == "multi-discrete" else 0


def remarks(choices: int, obs: Any, infos: Sequence[dict]) -> dict[str, Any]:
    """The fields `actionMask` and `info`, each where there is any.

    Args:
        choices: the length of a mask.
        obs: the batch of k observations; a dict's part `action_mask` is understood.
        infos: k infos; their `action_mask`, `difficulty`, `success` and `is_success` are understood.

    Raises:
        Misfit: for a mask of another length.
    """
    fields: dict[str, Any] = {}
    mask = _masks(choices, obs, infos) if choices else None
    if mask is not None:
        fields["actionMask"] = mask
    if any(infos):
        reduced = [_reduce(info) for info in infos]
        if any(reduced):
            fields["info"] = reduced
    return fields


def _masks(choices: int, obs: Any, infos: Sequence[dict]) -> np.ndarray | None:
    mask = None
    if isinstance(obs, dict) and "action_mask" in obs:
        part = obs["action_mask"]
        # Gymnasium's mask of a multi-discrete space is a tuple, one for each component
        mask = np.concatenate(part, axis=1) if isinstance(part, list) else part
        if mask.shape != (len(infos), choices):
            raise Misfit(f"obs['action_mask']: expected {choices} entries, got shape {list(mask.shape[1:])}")
        mask = (mask != 0).astype(np.uint8)
    for row, info in enumerate(infos):
        if info and info.get("action_mask") is not None:
            if mask is None:
                mask = np.ones((len(infos), choices), np.uint8)
            mask[row] = flat_mask(choices, info["action_mask"])
    return mask


def flat_mask(choices: int, given: Any) -> np.ndarray:
    """One action's mask as booleans [choices]; a tuple has a part for each component."""
    flat = np.concatenate(given) if isinstance(given, tuple) else np.ravel(given)
    if flat.shape != (choices,):
        raise Misfit(f"action_mask: expected {choices} entries, got shape {list(np.shape(flat))}")
    return flat != 0


def _reduce(info: dict) -> dict[str, Any]:
    reduced = reduce_info(info)
    reduced.pop("action_mask", None)
    success = reduced.get("success", reduced.get("is_success"))
    if isinstance(success, (bool, int, float)):
        reduced["success"] = bool(success)
    return reduced
