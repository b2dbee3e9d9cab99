"""What of an environment's own data can travel: numbers, strings, booleans, ndarrays, lists and maps of them."""

from __future__ import annotations

import math
from contextlib import suppress
from typing import Any

import numpy as np

from .arrays import MAX_INTEGER, little_endian

# well within the depth of a frame
MAX_DEPTH = 16


def reduce_info(info: dict) -> dict[str, Any]:
    """`info` less the entries that cannot travel."""
    kept = {}
    for key, value in info.items():
        with suppress(TypeError, ValueError):
            kept[_text(key)] = plain(value)
    return kept


def plain(value: Any, depth: int = 0) -> Any:
    """`value` as plain data, with ndarrays.

    Raises:
        TypeError: for what is neither, and names its type.
        ValueError: for numbers that JSON has not, and for nesting without end.
    """
    if depth > MAX_DEPTH:
        raise ValueError("nested too deep")
    if isinstance(value, np.generic):
        value = value.item()
    if value is None or isinstance(value, (bool, str)):
        return value
    if isinstance(value, int):
        if abs(value) > MAX_INTEGER:
            raise ValueError(f"{value} is beyond 2^53")
        return int(value)
    if isinstance(value, float):
        if not math.isfinite(value):
            raise ValueError(f"{value} is not a number of JSON")
        return float(value)
    if isinstance(value, np.ndarray):
        return little_endian(value).copy()
    if isinstance(value, (list, tuple)):
        return [plain(part, depth + 1) for part in value]
    if isinstance(value, dict):
        return {_text(key): plain(part, depth + 1) for key, part in value.items()}
    raise TypeError(f"a {type(value).__name__} is not plain data")


def _text(key: Any) -> str:
    if not isinstance(key, str):
        raise TypeError(f"a key {key!r} is not a string")
    return key
