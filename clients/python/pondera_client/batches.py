"""Values of a space by the batch, as they travel. A space is its tagged map, so Gymnasium is not needed."""

from __future__ import annotations

import math
from typing import Any, Sequence

import numpy as np

from .arrays import exact
from .errors import Misfit
from .spaces import bounds_of, parts_of, starts_of


def stack(space: dict, values: Sequence[Any]) -> Any:
    """The batch of k values as an environment gives them.

    Returns:
        What `conform` returns.

    Raises:
        Misfit: where a value has not the shape or dtype of the space.
    """
    kind = space["type"]
    try:
        if kind == "dict":
            return {key: stack(part, [value[key] for value in values]) for key, part in space["spaces"]}
        if kind == "tuple":
            return [stack(part, [value[i] for value in values]) for i, part in enumerate(space["spaces"])]
        if kind == "text":
            return conform(space, list(values), len(values))
        if kind == "sequence":
            return conform(space, [stack(space["space"], list(value)) for value in values], len(values))
        if kind == "graph":
            return stack(parts_of(space), [_graph_parts(value) for value in values])
        none = np.empty((0, *space.get("shape", ())), wire_dtype(space))
        return conform(space, np.array(values) if len(values) else none, len(values))
    except (AttributeError, KeyError, IndexError, TypeError, ValueError) as error:
        if isinstance(error, Misfit):
            raise
        raise Misfit(f"not values of {_name(space)}: {type(error).__name__}: {error}") from None


def _graph_parts(value: Any) -> dict[str, Any]:
    edges, links = (() if part is None else part for part in (value.edges, value.edge_links))
    return {"nodes": value.nodes, "edges": edges, "edgeLinks": links}


def conform(space: dict, batch: Any, k: int) -> Any:
    """A batch of k in the wire's own dtypes: an ndarray, a list of strings, or a dict or list of batches.

    Raises:
        Misfit: where it is not a batch of k, or a cast would change it. Ranges are `outside`'s matter.
    """
    kind = space["type"]
    if kind == "dict":
        if not isinstance(batch, dict):
            raise Misfit(f"expected a map of {', '.join(key for key, _ in space['spaces'])}")
        missing = [key for key, _ in space["spaces"] if key not in batch]
        if missing:
            raise Misfit(f"{missing[0]}: missing")
        return {key: conform(part, batch[key], k) for key, part in space["spaces"]}
    if kind == "tuple":
        if not isinstance(batch, (list, tuple)) or len(batch) != len(space["spaces"]):
            raise Misfit(f"expected {len(space['spaces'])} parts")
        return [conform(part, batch[i], k) for i, part in enumerate(space["spaces"])]
    if kind == "text":
        if not isinstance(batch, (list, tuple)) or len(batch) != k or not all(isinstance(v, str) for v in batch):
            raise Misfit(f"expected {k} strings")
        return list(batch)
    if kind == "sequence":
        if not isinstance(batch, (list, tuple)) or len(batch) != k:
            raise Misfit(f"expected {k} batches")
        return [conform(space["space"], part, _count(space["space"], part)) for part in batch]
    if kind == "graph":
        return conform(parts_of(space), batch, k)
    return _conform_array(space, batch, k)


def _count(space: dict, batch: Any) -> int:
    """How many values a batch holds, by its first part."""
    kind = space["type"]
    try:
        if kind == "graph":
            return _count(parts_of(space), batch)
        if kind in ("dict", "tuple"):
            key, part = space["spaces"][0] if kind == "dict" else (0, space["spaces"][0])
            return _count(part, batch[key])
        return len(batch)
    except (IndexError, KeyError, TypeError):
        raise Misfit(f"not a batch of {_name(space)}") from None


def _conform_array(space: dict, batch: Any, k: int) -> np.ndarray:
    try:
        array = np.asarray(batch)
    except ValueError as error:
        raise Misfit(f"not an array: {error}") from None
    shape, dtype = (k, *space.get("shape", ())), wire_dtype(space)
    if array.shape != shape:
        raise Misfit(f"expected shape {list(shape)}, got {list(array.shape)}")
    if array.dtype.kind not in "fiub":
        raise Misfit(f"expected {dtype.name}, got {array.dtype}")
    if array.dtype != dtype:
        with np.errstate(invalid="ignore"):
            given, array = array, array.astype(dtype)
        rounded = given.dtype.kind in "iu" and dtype.kind == "f" and not exact(given)
        if rounded or (dtype.kind != "f" and not np.array_equal(given, array)):
            raise Misfit(f"expected {dtype.name}, got {given.dtype} with values it cannot hold")
    if dtype.kind == "f" and np.isnan(array).any():
        raise Misfit("NaN")
    return array


def wire_dtype(space: dict) -> np.dtype:
    """The dtype in which a batch of an array's space travels."""
    if space["type"] == "box":
        return np.dtype(space["dtype"])
    return np.dtype(np.int8 if space["type"] == "multi-binary" else np.int32)


def within(space: dict, batch: Any, k: int) -> Any:
    """A conforming batch of observations, none of which is out of the space's range.

    Raises:
        Misfit: where one is.
    """
    if outside(space, batch, k).any():
        hint = "--unbounded states no bounds of what is observed as floats"
        raise Misfit(f"an observation outside the bounds of its own space ({hint})")
    return batch


def outside(space: dict, batch: Any, k: int) -> np.ndarray:
    """Which of k values of a conforming batch are out of the space's range: booleans [k]."""
    kind = space["type"]
    if kind in ("dict", "tuple"):
        parts = space["spaces"] if kind == "dict" else enumerate(space["spaces"])
        masks = [outside(part, batch[key], k) for key, part in parts]
        return np.logical_or.reduce(masks) if masks else np.zeros(k, bool)
    if kind == "text":
        allowed = set(space["charset"])
        fits = [space["minLength"] <= len(text) <= space["maxLength"] and allowed.issuperset(text) for text in batch]
        return ~np.array(fits, bool)
    if kind == "sequence":
        counts = [_count(space["space"], part) for part in batch]
        wrong = [outside(space["space"], part, count).any() for part, count in zip(batch, counts)]
        return np.array(wrong, bool) | (np.array(counts, int) > space["maxLength"])
    if kind == "graph":
        nodes = [_count(space["nodes"], part) for part in batch["nodes"]]
        wrong = [(links >= count).any() for links, count in zip(batch["edgeLinks"], nodes)]
        if space.get("edges"):
            edges = [_count(space["edges"], part) for part in batch["edges"]]
            wrong = [bad or len(links) != count for bad, links, count in zip(wrong, batch["edgeLinks"], edges)]
        return np.array(wrong, bool) | outside(parts_of(space), batch, k)
    if kind == "box" and _unlimited(space):
        return np.zeros(k, bool)
    low, high = _range(space)
    rows = batch.reshape(k, math.prod(space.get("shape", ())))
    return ((rows < low) | (rows > high)).any(axis=1)


def _unlimited(space: dict) -> bool:
    """Whether a box holds all that its dtype does."""
    dtype, low, high = np.dtype(space["dtype"]), space.get("low"), space.get("high")
    if dtype.kind == "f":
        return low is None and high is None
    return low in (None, np.iinfo(dtype).min) and high in (None, np.iinfo(dtype).max)


def _range(space: dict) -> tuple[Any, Any]:
    """Lowest and highest of an array's space, for each of its entries in C order or for all."""
    if space["type"] == "box":
        low, high = bounds_of(space)
        return low.ravel(), high.ravel()
    if space["type"] == "multi-binary":
        return 0, 1
    if space["type"] == "discrete":
        start = space.get("start", 0)
        return start, start + space["n"] - 1
    return starts_of(space), starts_of(space) + np.array(space["nvec"]) - 1


def unstack(space: dict, batch: Any, k: int) -> list[Any]:
    """The k values of a conforming batch, as Gymnasium has them: integers of discrete spaces are int64."""
    kind = space["type"]
    if kind == "dict":
        parts = [(key, unstack(part, batch[key], k)) for key, part in space["spaces"]]
        return [{key: values[i] for key, values in parts} for i in range(k)]
    if kind == "tuple":
        parts = [unstack(part, batch[i], k) for i, part in enumerate(space["spaces"])]
        return [tuple(values[i] for values in parts) for i in range(k)]
    if kind in ("discrete", "multi-discrete"):
        return list(batch.astype(np.int64))
    if kind == "text":
        return list(batch)
    if kind == "sequence":
        return [tuple(unstack(space["space"], part, _count(space["space"], part))) for part in batch]
    if kind == "graph":
        return [_graph(space, batch, i) for i in range(k)]
    # with the ellipsis, also those of a box of shape () are arrays
    return [batch[i, ...] for i in range(k)]


def _graph(space: dict, batch: Any, i: int) -> Any:
    """A graph as Gymnasium has it: without edges, or where they only link, it has no arrays of them."""
    from gymnasium.spaces import GraphInstance

    def native(part: dict, array: np.ndarray) -> np.ndarray:
        return array.astype(np.int64) if part["type"] in ("discrete", "multi-discrete") else array

    nodes, links = native(space["nodes"], batch["nodes"][i]), batch["edgeLinks"][i]
    if len(links) == 0 or not space.get("edges"):
        return GraphInstance(nodes, None, None)
    return GraphInstance(nodes, native(space["edges"], batch["edges"][i]), links)


def take(space: dict, batch: Any, rows: np.ndarray) -> Any:
    """Some rows of a conforming batch, copied."""
    kind = space["type"]
    if kind == "dict":
        return {key: take(part, batch[key], rows) for key, part in space["spaces"]}
    if kind == "tuple":
        return [take(part, batch[i], rows) for i, part in enumerate(space["spaces"])]
    if kind in ("text", "sequence"):
        return [batch[row] for row in rows]
    if kind == "graph":
        return take(parts_of(space), batch, rows)
    return batch[rows]


def _name(space: dict) -> str:
    return f"a {space['type']} space" + (f" of shape {space['shape']}" if "shape" in space else "")
