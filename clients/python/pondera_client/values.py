"""Single values as environments give them: Python's, NumPy's scalars, and arrays of one entry, which are that entry."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from .errors import Misfit


def number(value: Any, name: str) -> float:
    """A finite number.

    Raises:
        Misfit: where it is none; `name` is what the message calls it.
    """
    entry = _entry(value)
    try:
        read = math.nan if isinstance(entry, (str, bytes)) else float(entry)
    except (TypeError, ValueError, OverflowError):
        read = math.nan
    if not math.isfinite(read):
        raise Misfit(f"{name}: expected a finite number, got {shown(value)}")
    return read


def flag(value: Any, name: str) -> bool:
    """A truth value: a boolean, or 0 or 1; raises as `number` does."""
    entry = _entry(value)
    if isinstance(entry, bool) or (isinstance(entry, (int, float)) and entry in (0, 1)):
        return bool(entry)
    raise Misfit(f"{name}: expected True or False, got {shown(value)}")


def numbers(values: Any, n: int, name: str) -> np.ndarray:
    """n finite numbers as float64 [n], of any shape that has as many; raises as `number` does."""
    array = np.asarray(values)
    if array.size != n or array.dtype.kind not in "fiub" or not np.isfinite(array).all():
        raise Misfit(f"{name}: expected {n} finite numbers, got {shown(values)}")
    return array.reshape(n).astype(np.float64)


def flags(values: Any, n: int, name: str) -> np.ndarray:
    """n truth values as booleans [n]; as `numbers`."""
    array = numbers(values, n, name)
    if not np.isin(array, (0, 1)).all():
        raise Misfit(f"{name}: expected {n} of True or False, got {shown(values)}")
    return array != 0


def shown(value: Any) -> str:
    """A value in a message: short, whatever it is."""
    text = repr(value)
    text = f"{text[:60]}…" if len(text) > 60 else text
    return f"{text} of shape {value.shape}" if isinstance(value, np.ndarray) and value.ndim > 0 else text


def _entry(value: Any) -> Any:
    if isinstance(value, (bool, int, float, str, bytes)) or value is None:
        return value
    try:
        array = np.asarray(value)
    except (TypeError, ValueError):
        return value
    return array.item() if array.size == 1 else value
