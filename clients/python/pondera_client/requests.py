"""The requests for environments, checked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from .errors import WireError

KINDS = ("reset", "step", "snapshot", "restore", "render")


@dataclass
class Request:
    """A request for k environments.

    Attributes:
        kind: one of `KINDS`.
        envs: int32 [k], distinct, in range.
        seq: uint32 [k].
        seeds: k integers or Nones, of `reset`.
        options: of `reset`.
        actions: a batch as it came, of `step`.
        states: k states, of `restore`.
    """

    kind: str
    envs: np.ndarray
    seq: np.ndarray
    seeds: list[int | None]
    options: dict | None = None
    actions: Any = None
    states: list[Any] | None = None

    def only(self, rows: np.ndarray, actions: Any) -> Request:
        """The same for some of its rows, with the actions of those."""
        states = None if self.states is None else [self.states[row] for row in rows]
        seeds = [self.seeds[row] for row in rows]
        return Request(self.kind, self.envs[rows], self.seq[rows], seeds, self.options, actions, states)


def read_request(message: dict, count: int) -> Request:
    """The request a message is.

    Raises:
        WireError: `BAD_MESSAGE`, and says which field.
    """
    kind = message["t"]
    if kind not in KINDS:
        raise bad_field("t", f"one of {', '.join(KINDS)}, close", kind)
    envs = _integers(message, "envs", np.int32, count - 1)
    if len(set(envs.tolist())) < len(envs):
        raise bad_field("envs", "distinct indices", envs.tolist())
    seq = _integers(message, "seq", np.uint32, 2**32 - 1)
    if len(seq) != len(envs):
        raise bad_field("seq", f"{len(envs)} numbers", f"{len(seq)}")
    request = Request(kind, envs, seq, [None] * len(envs))
    if kind == "reset":
        request.seeds = _seeds(message.get("seeds"), len(envs))
        request.options = message.get("options")
        if not isinstance(request.options, (dict, type(None))):
            raise bad_field("options", "a map", request.options)
    elif kind == "step":
        if "actions" not in message:
            raise bad_field("actions", "a batch of actions", None)
        request.actions = message["actions"]
    elif kind == "restore":
        request.states = message.get("states")
        if not isinstance(request.states, list) or len(request.states) != len(envs):
            raise bad_field("states", f"a list of {len(envs)}", request.states)
    return request


def bad_field(field: str, expected: str, got: Any) -> WireError:
    """A `BAD_MESSAGE` that says which field, what it should be and what it was."""
    shown = repr(got)
    shown = f"{shown[:60]}…" if len(shown) > 60 else shown
    return WireError("BAD_MESSAGE", f"{field}: expected {expected}, got {shown}")


def _integers(message: dict, field: str, dtype: type, highest: int) -> np.ndarray:
    value = message.get(field)
    try:
        array = np.asarray(value)
    except ValueError:
        array = np.empty(0, object)
    if isinstance(value, list) and not value:
        array = array.astype(dtype)
    if array.ndim != 1 or array.dtype.kind not in "iu":
        raise bad_field(field, "an ndarray of integers [k]", value)
    if array.size and not (0 <= array.min() and array.max() <= highest):
        raise bad_field(field, f"integers from 0 to {highest}", array.tolist())
    return array.astype(dtype)


def _seeds(value: Any, k: int) -> list[int | None]:
    """Seeds as a list; an ndarray is understood too."""
    if value is None:
        return [None] * k
    seeds = value.tolist() if isinstance(value, np.ndarray) else value
    if not isinstance(seeds, list) or len(seeds) != k:
        raise bad_field("seeds", f"a list of {k}", seeds)
    if not all(seed is None or (type(seed) is int and seed >= 0) for seed in seeds):
        raise bad_field("seeds", "non-negative integers or nulls", seeds)
    return seeds
