"""What travels beside observations: action masks and infos."""

from __future__ import annotations

import logging
from typing import Any, Callable, Sequence

import numpy as np

from .batches import stack, within
from .errors import Misfit
from .masks import choices_of, flat_mask
from .plain import reduce_info
from .sizes import size_of
from .values import flag, number, shown

log = logging.getLogger("pondera_client")

# what one key of an info may have: it is there to be looked at, and must not hold up what is learned from
MOST_BYTES, MOST_ENTRIES = 2**20, 20_000
# what a trainer reads of `metrics`
MOST_METRICS = 32

Once = Callable[[str, str], None]


def say_once() -> Once:
    """What tells the log of something, once for each key."""
    told: set[str] = set()

    def say(key: str, what: str) -> None:
        if key not in told:
            told.add(key)
            log.warning("info[%r] %s", key, what)

    return say


def remarks(spaces: tuple[dict, dict], obs: Any, infos: Sequence[dict], say: Once) -> dict[str, Any]:
    """The fields `actionMask` and `info`, each where there is any.

    Args:
        spaces: the tagged maps of what is observed and of actions.
        obs: the batch of k observations; a dict's part `action_mask` is understood.
        infos: k infos; their `action_mask`, `earlier`, `demonstration`, `difficulty`, `success`, `is_success` and
            `metrics` are understood.
        say: told of what is left out.

    Raises:
        Misfit: for a mask of another length, `earlier` that are no observations, or a `demonstration` that is no action.
    """
    observation_space, action_space = spaces
    fields: dict[str, Any] = {}
    mask = _masks(action_space, obs, infos)
    if mask is not None:
        fields["actionMask"] = mask
    if any(infos):
        reduced = [
            {**_reduce(info, say), **_earlier(observation_space, info), **_demonstration(action_space, info)}
            for info in infos
        ]
        if any(reduced):
            fields["info"] = reduced
    return fields


def _masks(action_space: dict, obs: Any, infos: Sequence[dict]) -> np.ndarray | None:
    choices = choices_of(action_space)
    if choices == 0:
        return None
    mask = None
    if isinstance(obs, dict) and "action_mask" in obs:
        rows = [_row(obs["action_mask"], i) for i in range(len(infos))]
        mask = np.array([flat_mask(action_space, row, "obs['action_mask']") for row in rows], np.uint8)
    for row, info in enumerate(infos):
        if info and info.get("action_mask") is not None:
            if mask is None:
                mask = np.ones((len(infos), choices), np.uint8)
            mask[row] = flat_mask(action_space, info["action_mask"])
    return mask


def _row(batch: Any, i: int) -> Any:
    """One of a batch of values, whose parts are stacked."""
    if isinstance(batch, dict):
        return {key: _row(part, i) for key, part in batch.items()}
    return tuple(_row(part, i) for part in batch) if isinstance(batch, list) else batch[i]


def _earlier(space: dict, info: dict) -> dict[str, Any]:
    """The observations of `info["earlier"]`, which came before this one and asked for no action, as a batch."""
    given = info.get("earlier") if info else None
    if given is None:
        return {}
    if not isinstance(given, (list, tuple, np.ndarray)):
        raise Misfit(f"info['earlier']: expected a list of observations, got {shown(given)}")
    try:
        return {"earlier": within(space, stack(space, list(given)), len(given))} if len(given) > 0 else {}
    except Misfit as error:
        raise Misfit(f"info['earlier']: {error}") from None


def _demonstration(space: dict, info: dict) -> dict[str, Any]:
    """The action of `info["demonstration"]`, which an expert would take next, as a batch of one."""
    given = info.get("demonstration") if info else None
    if given is None:
        return {}
    try:
        return {"demonstration": within(space, stack(space, [given]), 1)}
    except Misfit as error:
        raise Misfit(f"info['demonstration']: {error}") from None


def _reduce(info: dict, say: Once) -> dict[str, Any]:
    elsewhere = ("action_mask", "earlier", "demonstration")
    reduced = reduce_info({key: value for key, value in info.items() if key not in elsewhere})
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
    reduced.pop("metrics", None)
    metrics = _metrics(info.get("metrics"), say)
    if metrics:
        reduced["metrics"] = metrics
    return reduced


def _metrics(given: Any, say: Once) -> dict[str, float]:
    """The numbers of `info["metrics"]` by name; others are left out."""
    if given is None:
        return {}
    if not isinstance(given, dict):
        say("metrics", f"is ignored: expected a dict of numbers by name, got {shown(given)}")
        return {}
    read: dict[str, float] = {}
    for name, value in given.items():
        if value is None:
            continue
        if len(read) == MOST_METRICS:
            say("metrics", f"has more than {MOST_METRICS} names; the others are left out")
            break
        try:
            if not isinstance(name, str):
                raise Misfit(f"metrics: expected names that are strings, got {shown(name)}")
            read[name] = number(value, name)
        except Misfit as error:
            say("metrics", f"lacks what is no number: {error}")
    return read
