"""ndarrays as the wire has them: maps of a dtype, a shape and little-endian bytes."""

from __future__ import annotations

import base64
import math
from typing import Any

import numpy as np

from .errors import WireError

DTYPES = {name: np.dtype(name) for name in "<f4 <f8 |i1 |u1 <i2 <u2 <i4 <u4 <i8 <u8 |b1".split()}
# what a JavaScript number holds exactly, and no other integer rounds to
MAX_INTEGER = 2**53 - 1


def little_endian(array: np.ndarray) -> np.ndarray:
    """The array in a dtype of the wire; itself where it is in one.

    Raises:
        TypeError: for a dtype the wire has not.
        ValueError: for 64-bit integers beyond ±2^53.
    """
    little = array.astype(array.dtype.newbyteorder("<"), copy=False)
    if little.dtype.str not in DTYPES:
        raise TypeError(f"an array of {array.dtype} cannot travel")
    if not exact(little):
        raise ValueError("an array has integers beyond 2^53")
    return little


def array_to_map(array: np.ndarray) -> dict[str, Any]:
    """An ndarray as the wire has it; raises what `little_endian` raises."""
    little = little_endian(array)
    return {"__ndarray__": True, "dtype": little.dtype.str, "shape": list(little.shape), "data": little.tobytes()}


def map_to_array(fields: dict) -> np.ndarray:
    """The ndarray of such a map, whose `data` is bytes or base64; writable.

    Raises:
        WireError: `BAD_MESSAGE`, for a map that is not one.
    """
    # openpi writes the keys as binary
    fields = {key.decode() if isinstance(key, bytes) else key: value for key, value in fields.items()}
    dtype, shape, data = fields.get("dtype"), fields.get("shape"), fields.get("data")
    dtype = dtype.decode() if isinstance(dtype, bytes) else dtype
    if not isinstance(dtype, str) or dtype not in DTYPES:
        raise WireError("BAD_MESSAGE", f"an ndarray's dtype: expected one of {' '.join(DTYPES)}, got {dtype!r}")
    if not isinstance(shape, list) or not all(type(n) is int and n >= 0 for n in shape):
        raise WireError("BAD_MESSAGE", "an ndarray's shape: expected a list of non-negative integers")
    try:
        buffer = base64.b64decode(data, validate=True) if isinstance(data, str) else memoryview(data)
        if len(buffer) != math.prod(shape) * DTYPES[dtype].itemsize:
            raise ValueError(f"{len(buffer)} bytes for shape {shape} of {dtype}")
        array = np.frombuffer(buffer, DTYPES[dtype]).reshape(shape).copy()
    except (TypeError, ValueError) as error:
        raise WireError("BAD_MESSAGE", f"an ndarray's data: {error}") from None
    if not exact(array):
        raise WireError("BAD_MESSAGE", "an ndarray's data: integers beyond 2^53")
    return array


def exact(array: np.ndarray) -> bool:
    """Whether a JavaScript number can hold every entry."""
    if array.dtype.itemsize < 8 or array.dtype.kind not in "iu" or array.size == 0:
        return True
    return bool(-MAX_INTEGER <= array.min() and array.max() <= MAX_INTEGER)
