"""Gymnasium's spaces and the tagged maps of the protocol page, both ways."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from .errors import SpaceError

BOX_DTYPES = ("float32", "float64", "int8", "uint8", "int16", "uint16", "int32")

# The wire has no such box, but one it has holds the same values; integers where their bounds are within it.
STAND_INS = {"float16": "float32", "bool": "uint8", "uint32": "int32", "int64": "int32", "uint64": "int32"}

INT32 = np.iinfo(np.int32)

# a policy sees float32, which holds every integer up to there
EXACT = 2**24

# entries of a space in all
MOST_ENTRIES = 2**24


def space_to_json(space: Any) -> dict[str, Any]:
    """The tagged map of a Gymnasium space.

    An attribute `read_as` of an array space or a Sequence says how a policy reads it (`as` in docs/environments.md); an attribute
    `max_length` of a Sequence, the most entries that it holds; `max_nodes` and `max_edges` of a Graph, the most of those.

    Raises:
        SpaceError: for a space the wire has not, and says what can be done.
    """
    from gymnasium import spaces

    _check_shape(space)
    read_as = {"as": space.read_as} if getattr(space, "read_as", None) else {}
    if isinstance(space, spaces.Box):
        return {**_box_to_json(space), **read_as}
    if isinstance(space, spaces.Discrete):
        _check_exact(space, space.start, space.start + space.n - 1)
        return {"type": "discrete", "n": int(space.n), "start": int(space.start)}
    if isinstance(space, spaces.MultiDiscrete):
        start = np.broadcast_to(getattr(space, "start", 0), space.nvec.shape)
        _check_exact(space, start.min(), (start + space.nvec - 1).max())
        nvec, start = space.nvec.ravel().tolist(), start.ravel().tolist()
        return {"type": "multi-discrete", "shape": list(space.shape), "nvec": nvec, "start": start, **read_as}
    if isinstance(space, spaces.MultiBinary):
        return {"type": "multi-binary", "shape": list(space.shape), **read_as}
    # a space of its own that only derives from Text or Dict may hold other values
    if type(space) is spaces.Text:
        lengths = {"minLength": int(space.min_length), "maxLength": int(space.max_length)}
        return {"type": "text", **lengths, "charset": "".join(space.character_list)}
    if isinstance(space, spaces.Dict):
        if not all(isinstance(key, str) for key in space.spaces):
            raise SpaceError(f"{space} cannot travel: its keys are not all strings")
        masked_by = getattr(space, "masked_by", None) or {}
        # Gymnasium sorts keys; a part comes after the one that masks it
        keys = sorted(space.spaces, key=lambda key: _depth(key, masked_by))
        parts = [[key, space_to_json(space.spaces[key])] for key in keys]
        return {"type": "dict", "spaces": parts, **({"maskedBy": dict(masked_by)} if masked_by else {})}
    if isinstance(space, spaces.Tuple):
        masked_by = {str(key): by for key, by in (getattr(space, "masked_by", None) or {}).items()}
        parts = [space_to_json(part) for part in space.spaces]
        return {"type": "tuple", "spaces": parts, **({"maskedBy": masked_by} if masked_by else {})}
    if isinstance(space, spaces.Sequence):
        return {**_sequence_to_json(space), **read_as}
    if isinstance(space, spaces.Graph):
        return _graph_to_json(space)
    raise SpaceError(
        f"a {type(space).__name__} cannot travel: the wire has Box, Discrete, MultiDiscrete, MultiBinary, Text, Dict, Tuple, "
        "Sequence and Graph. Wrap the environment so that its spaces are made of those (for MiniGrid: "
        "--wrapper minigrid.wrappers:ImgObsWrapper or minigrid.wrappers:FlatObsWrapper)"
    )


def _depth(key: Any, masked_by: dict) -> int:
    """How many parts mask each other up to this one."""
    depth = 0
    while key in masked_by and depth <= len(masked_by):
        key, depth = masked_by[key], depth + 1
    return depth


def _sequence_to_json(space: Any) -> dict[str, Any]:
    most = getattr(space, "max_length", None)
    if most is None or space.stack:
        raise SpaceError(
            f"{space} cannot travel: the wire wants to know the most entries, and takes them one by one. Set "
            "`space.max_length` to that number, and make the space without stack=True"
        )
    entries = space_to_json(space.feature_space)
    return {"type": "sequence", "space": entries, "maxLength": int(most), "as": "sequence"}


def _graph_to_json(space: Any) -> dict[str, Any]:
    nodes, edges = getattr(space, "max_nodes", None), getattr(space, "max_edges", None)
    if nodes is None or edges is None:
        raise SpaceError(
            f"{space} cannot travel: the wire wants to know the most nodes and the most edges. Set `space.max_nodes` and "
            "`space.max_edges` to those numbers"
        )
    for part in (space.node_space, space.edge_space):
        if part is not None and part.shape is None:
            raise SpaceError(f"{space} cannot travel: its nodes and edges are more than arrays and choices")
    said = {} if space.edge_space is None else {"edges": space_to_json(space.edge_space)}
    most = {"maxNodes": int(nodes), "maxEdges": int(edges)}
    return {"type": "graph", "nodes": space_to_json(space.node_space), **said, **most}


def parts_of(graph: dict[str, Any]) -> dict[str, Any]:
    """The tagged map of a dict that travels as a graph does: sequences of its nodes, edges and links."""

    def up_to(space: dict[str, Any], most: int) -> dict[str, Any]:
        return {"type": "sequence", "space": space, "maxLength": most, "as": "set"}

    nodes, edges = graph["maxNodes"], graph["maxEdges"]
    link = {"type": "multi-discrete", "shape": [2], "nvec": [nodes, nodes], "start": [0, 0]}
    said = [["edges", up_to(graph["edges"], edges)]] if graph.get("edges") else []
    parts = [["nodes", up_to(graph["nodes"], nodes)], *said, ["edgeLinks", up_to(link, edges)]]
    return {"type": "dict", "spaces": parts}


def _check_shape(space: Any) -> None:
    """Refuses arrays without entries, and those with more than a trainer would hold."""
    shape = getattr(space, "shape", None)
    if shape is None:
        return
    if math.prod(shape) == 0:
        raise SpaceError(
            f"{space} cannot travel: its shape {list(shape)} holds nothing. Leave it out, by a wrapper such as "
            "gymnasium.wrappers.FilterObservation or TransformObservation"
        )
    if math.prod(shape) > MOST_ENTRIES:
        raise SpaceError(f"{space} cannot travel: its shape {list(shape)} has more than {MOST_ENTRIES} entries")


def _check_exact(space: Any, low: Any, high: Any) -> None:
    if low < -EXACT or high > EXACT:
        raise SpaceError(f"{space} cannot travel: its values are beyond ±2^24, which a policy's float32 holds exactly")


def _check_int32(space: Any, low: Any, high: Any) -> None:
    if low < INT32.min or high > INT32.max:
        raise SpaceError(f"{space} cannot travel: its values are beyond 32 bits")


def _box_to_json(space: Any) -> dict[str, Any]:
    dtype = space.dtype.name
    if dtype not in BOX_DTYPES:
        if dtype not in STAND_INS:
            raise SpaceError(f"{space} cannot travel: the wire's boxes are of {', '.join(BOX_DTYPES)}")
        if STAND_INS[dtype] == "int32" and space.low.size > 0:
            _check_int32(space, space.low.min(), space.high.max())
        dtype = STAND_INS[dtype]
    bounds = {"low": _bound(space.low), "high": _bound(space.high)}
    return {"type": "box", "shape": list(space.shape), "dtype": dtype, **bounds}


def _bound(bound: np.ndarray) -> Any:
    """One number where all entries have the same bound, else a list; None where there is none."""
    number = int if bound.dtype.kind in "iub" else float
    entries = [number(entry) if np.isfinite(entry) else None for entry in bound.ravel()]
    return entries[0] if entries and entries.count(entries[0]) == len(entries) else entries or None


def without_bounds(space: dict[str, Any]) -> dict[str, Any]:
    """A tagged map whose boxes of floats have no bounds: for environments that leave those they state."""
    kind = space["type"]
    if kind == "box" and space["dtype"].startswith("float"):
        return {**space, "low": None, "high": None}
    if kind == "dict":
        return {**space, "spaces": [[key, without_bounds(part)] for key, part in space["spaces"]]}
    if kind == "tuple":
        return {**space, "spaces": [without_bounds(part) for part in space["spaces"]]}
    if kind == "sequence":
        return {**space, "space": without_bounds(space["space"])}
    if kind == "graph":
        return {**space, **{key: without_bounds(space[key]) for key in ("nodes", "edges") if space.get(key)}}
    return space


def space_from_json(space: dict[str, Any]) -> Any:
    """The Gymnasium space of a tagged map, with the attributes that `space_to_json` reads.

    Raises:
        SpaceError: for a type this version does not know.
    """
    made = _made(space)
    if "as" in space:
        made.read_as = space["as"]
    return made


def _made(space: dict[str, Any]) -> Any:
    from gymnasium import spaces

    kind = space["type"]
    if kind == "box":
        dtype, shape = np.dtype(space["dtype"]), tuple(space["shape"])
        low, high = bounds_of(space)
        return spaces.Box(low.astype(dtype), high.astype(dtype), shape, dtype.type)
    if kind == "discrete":
        return spaces.Discrete(space["n"], start=space.get("start", 0))
    if kind == "multi-discrete":
        nvec = np.reshape(space["nvec"], space["shape"])
        return spaces.MultiDiscrete(nvec, start=starts_of(space).reshape(space["shape"]))
    if kind == "multi-binary":
        # Gymnasium tells n from [n]
        return spaces.MultiBinary(space["shape"] if len(space["shape"]) > 1 else space["shape"][0])
    if kind == "text":
        lengths = {"min_length": space["minLength"], "max_length": space["maxLength"]}
        return spaces.Text(charset=space["charset"], **lengths)
    if kind == "dict":
        # pairs, as a plain dict would be sorted
        made = spaces.Dict([(key, space_from_json(part)) for key, part in space["spaces"]])
        made.masked_by = dict(space.get("maskedBy") or {})
        return made
    if kind == "tuple":
        made = spaces.Tuple([space_from_json(part) for part in space["spaces"]])
        made.masked_by = {int(key): by for key, by in (space.get("maskedBy") or {}).items()}
        return made
    if kind == "sequence":
        made = spaces.Sequence(space_from_json(space["space"]))
        made.max_length = space["maxLength"]
        return made
    if kind == "graph":
        edges = space.get("edges")
        made = spaces.Graph(space_from_json(space["nodes"]), edges and space_from_json(edges))
        made.max_nodes, made.max_edges = space["maxNodes"], space["maxEdges"]
        return made
    raise SpaceError(f"no such space: {kind}")


def bounds_of(space: dict[str, Any]) -> tuple[np.ndarray, np.ndarray]:
    """Low and high of a box, of its shape and in float64, which holds each of its dtypes exactly.

    An integer has none beyond what its dtype can hold.
    """
    dtype, shape = np.dtype(space["dtype"]), tuple(space["shape"])
    widest = (-np.inf, np.inf) if dtype.kind == "f" else (np.iinfo(dtype).min, np.iinfo(dtype).max)
    return (
        _bound_array(space.get("low"), widest[0], shape),
        _bound_array(space.get("high"), widest[1], shape),
    )


def _bound_array(bound: Any, none: float, shape: tuple[int, ...]) -> np.ndarray:
    if isinstance(bound, list):
        return np.array([none if entry is None else entry for entry in bound], np.float64).reshape(shape)
    return np.full(shape, none if bound is None else bound, np.float64)


def starts_of(space: dict[str, Any]) -> np.ndarray:
    """Where each component of a multi-discrete space starts, in C order."""
    return np.array(space.get("start") or [0] * len(space["nvec"]), np.int64)
