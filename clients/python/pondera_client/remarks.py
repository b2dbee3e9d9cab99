"""What travels beside observations: action masks and infos."""

from __future__ import annotations

import logging
from typing import Any, Callable, Sequence

import numpy as np

from .errors import Misfit
from .plain import reduce_info
from .sizes import size_of
from .values import flag, number, shown

log = logging.getLogger("pondera_client")

# what one key of an info may have: it is there to be looked at, and must not hold up what is learned from
MOST_BYTES, MOST_ENTRIES = 2**20, 20_000

Once = Callable[[str, str], None]


def choices_of(action_space: dict) -> int:
    """The length of an action mask; 0 where the space takes none."""
    if action_space["type"] == "discrete":
        return action_space["n"]
    return sum(action_space["nvec"]) if action_space["type"] == "multi-discrete" else 0


def say_once() -> Once:
    """What tells the log of something, once for each key."""
    told: set[str] = set()

    def say(key: str, what: str) -> None:
        if key not in told:
            told.add(key)
            log.warning("info[%r] %s", key, what)

    return say


def remarks(choices: int, obs: Any, infos: Sequence[dict], say: Once) -> dict[str, Any]:
    """The fields `actionMask` and `info`, each where there is any.

    Args:
        choices: the length of a mask.
        obs: the batch of k observations; a dict's part `action_mask` is understood.
        infos: k infos; their `action_mask`, `difficulty`, `success` and `is_success` are understood.
        say: told of what is left out.

    Raises:
        Misfit: for a mask of another length.
    """
    fields: dict[str, Any] = {}
    mask = _masks(choices, obs, infos) if choices else None
    if mask is not None:
        fields["actionMask"] = mask
    if any(infos):
        reduced = [_reduce(info, say) for info in infos]
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


def _reduce(info: dict, say: Once) -> dict[str, Any]:
    reduced = reduce_info({key: value for key, value in info.items() if key != "action_mask"})
    for key, value in list(reduced.items()):
        size, entries = size_of(value)
        if size > MOST_BYTES or entries > MOST_ENTRIES:
            del reduced[key]
            most = f"{MOST_ENTRIES} entries and {MOST_BYTES} bytes"
            say(key, f"is left out: it has {entries} entries and {size} bytes; a key may have {most}")
    success = "is_success" if info.get("success") is None else "success"
    # what only shares a name with what is understood means nothing here
    for key, name, read in (("difficulty", "difficulty", number), ("success", success, flag)):
        reduced.pop(key, None)
        value = info.get(name)
        if value is None:
            continue
        try:
            reduced[key] = read(value, name)
        except Misfit:
            what = "a finite number" if read is number else "True or False"
            say(name, f"is ignored: expected {what}, got {shown(value)}")
    return reduced
