"""States as they travel: JSON text, so that a trainer keeps them as they are, whatever it makes of numbers.

Beside plain data a state may hold what Gymnasium's environments have to save: integers of any size (a bit generator's
state), ndarrays and NumPy's scalars, tuples, bytes, and dicts with other keys than strings.
"""

from __future__ import annotations

import base64
import json
import math
from typing import Any

import numpy as np

# the key that marks what JSON has not
TAG = "$"
MAX_DEPTH = 100
# Python refuses to write longer integers as text
MAX_BITS = 14_000


def to_text(state: Any) -> str:
    """A state as JSON text.

    Raises:
        TypeError: for what cannot be saved exactly, with its path.
    """
    return json.dumps(_outward(state, "state", ()), separators=(",", ":"))


def from_text(text: str) -> Any:
    """The state that such text was made of."""
    return _inward(json.loads(text))


def _outward(value: Any, path: str, within: tuple[int, ...]) -> Any:
    kind = type(value)
    if value is None or kind is bool or kind is str:
        return value
    if kind is int:
        if value.bit_length() > MAX_BITS:
            raise _unfit(path, f"an integer of {value.bit_length()} bits")
        return value
    if kind is float:
        if math.isnan(value):
            raise TypeError(f"{path}: expected a number, got NaN")
        return value
    if kind is bytes:
        return {TAG: "bytes", "data": base64.b64encode(value).decode()}
    if kind is np.ndarray or isinstance(value, np.generic):
        return _array_outward(value, path)
    if kind not in (list, tuple, dict):
        hint = " (its bit_generator.state can be saved)" if isinstance(value, np.random.Generator) else ""
        raise _unfit(path, f"{kind.__name__}{hint}")
    if id(value) in within:
        raise _unfit(path, "a cycle: an object that holds this one")
    if len(within) == MAX_DEPTH:
        raise _unfit(path, f"one nested deeper than {MAX_DEPTH}")
    within = (*within, id(value))
    if kind is dict:
        return _dict_outward(value, path, within)
    parts = [_outward(part, f"{path}[{i}]", within) for i, part in enumerate(value)]
    return parts if kind is list else {TAG: "tuple", "of": parts}


def _dict_outward(value: dict, path: str, within: tuple[int, ...]) -> dict:
    at = {key: f"{path}.{key}" if type(key) is str else f"{path}[{key!r}]" for key in value}
    if TAG not in value and all(type(key) is str for key in value):
        return {key: _outward(part, at[key], within) for key, part in value.items()}
    pairs = [[_outward(key, f"a key of {path}", within), _outward(part, at[key], within)] for key, part in value.items()]
    return {TAG: "dict", "of": pairs}


def _array_outward(value: Any, path: str) -> dict:
    """An ndarray, or a scalar of NumPy's, in its own dtype."""
    array = np.asarray(value)
    if array.dtype.hasobject or array.dtype.kind == "V":
        raise _unfit(path, f"an array of {array.dtype}")
    data = base64.b64encode(array.tobytes()).decode()
    kind = "ndarray" if type(value) is np.ndarray else "scalar"
    return {TAG: kind, "dtype": array.dtype.str, "shape": list(array.shape), "data": data}


def _inward(value: Any) -> Any:
    if isinstance(value, list):
        return [_inward(part) for part in value]
    if not isinstance(value, dict):
        return value
    kind = value.get(TAG)
    if kind is None:
        return {key: _inward(part) for key, part in value.items()}
    if kind == "tuple":
        return tuple(_inward(value["of"]))
    if kind == "dict":
        return {_inward(key): _inward(part) for key, part in value["of"]}
    data = base64.b64decode(value["data"])
    if kind == "bytes":
        return data
    # a copy, since what reads bytes cannot be written to
    array = np.frombuffer(data, np.dtype(value["dtype"])).reshape(value["shape"]).copy()
    return array if kind == "ndarray" else array[()]


def _unfit(path: str, got: str) -> TypeError:
    return TypeError(f"{path}: expected plain data, an ndarray or a tuple, got {got}")
