"""Action masks: as environments and callers give them, and flat as they travel."""

from __future__ import annotations

from typing import Any, Iterator, Mapping, Sequence

import numpy as np

from .errors import Misfit
from .values import shown


def choices_of(space: dict) -> int:
    """The length of a mask's flat row; 0 where the space takes none."""
    kind = space["type"]
    if kind == "discrete":
        return space["n"]
    if kind == "multi-discrete":
        return sum(space["nvec"])
    return sum(rows * choices_of(part) for _, part, rows in _parts(space))


def flat_mask(space: dict, given: Any, name: str = "action_mask") -> np.ndarray:
    """One action's mask as a flat row of booleans.

    Args:
        space: the tagged map of the action space.
        given: a flat row; of a MultiDiscrete also a tuple with a part for each component; of a Dict a dict with the mask
            of each part, of a Tuple a tuple or list of them. A part that another masks has a row for each choice of
            the other. None, or a part that is not named, allows all.

    Raises:
        Misfit: for a mask of another form; it names the part.
    """
    choices = choices_of(space)
    if given is None:
        return np.ones(choices, bool)
    if space["type"] == "dict" and isinstance(given, Mapping):
        named = {key for key, _ in space["spaces"]}
        if not named.issuperset(given):
            raise Misfit(f"{name}: expected keys of {', '.join(sorted(named))}, got {', '.join(map(str, given))}")
        return _joined(space, given, name)
    if space["type"] == "tuple" and isinstance(given, (tuple, list)) and not all(map(np.isscalar, given)):
        if len(given) != len(space["spaces"]):
            raise Misfit(f"{name}: expected {len(space['spaces'])} masks, got {len(given)}")
        return _joined(space, dict(enumerate(given)), name)
    if space["type"] == "multi-discrete" and isinstance(given, tuple):
        given = np.concatenate(given)
    flat = np.ravel(given)
    if flat.shape != (choices,) or flat.dtype.kind not in "biuf":
        got = f"shape {list(flat.shape)}" if flat.dtype.kind in "biuf" else shown(given)
        raise Misfit(f"{name}: expected {choices} entries, got {got}")
    return flat != 0


def _joined(space: dict, given: Mapping, name: str) -> np.ndarray:
    pieces = [np.zeros(0, bool)]
    for key, part, rows in _parts(space):
        own = given.get(key)
        where = f"{name}[{key!r}]"
        if own is not None and rows > 1 and np.ndim(own[0]) > 0:
            if len(own) != rows:
                raise Misfit(f"{where}: expected {rows} rows, got {len(own)}")
            pieces += [flat_mask(part, row, where) for row in own]
        elif own is not None and rows > 1:
            if np.shape(own) != (rows * choices_of(part),):
                raise Misfit(f"{where}: expected {rows} rows of {choices_of(part)} entries, got shape {list(np.shape(own))}")
            pieces.append(np.asarray(own) != 0)
        else:
            pieces += [flat_mask(part, own, where)] * rows
    return np.concatenate(pieces)


def _parts(space: dict) -> Iterator[tuple[Any, dict, int]]:
    """The parts of a dict or tuple: key, space, and rows of the mask; none of another space."""
    if space["type"] not in ("dict", "tuple"):
        return
    parts: Sequence = space["spaces"] if space["type"] == "dict" else list(enumerate(space["spaces"]))
    spaces, masked_by = dict(parts), space.get("maskedBy") or {}
    for key, part in parts:
        by = masked_by.get(str(key))
        yield key, part, 1 if by is None else spaces[by]["n"]
