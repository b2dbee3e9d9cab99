"""Frames: messages in MessagePack or JSON, within the protocol's limits."""

from __future__ import annotations

import base64
import json
from typing import Any, Union

import msgpack
import numpy as np

from .arrays import array_to_map, map_to_array
from .errors import WireError
from .sizes import MAX_ENTRIES

MAX_DEPTH = 32

Frame = Union[bytes, str]


def _read_map(fields: dict) -> Any:
    is_array = fields.get("__ndarray__") is True or fields.get(b"__ndarray__") is True
    return map_to_array(fields) if is_array else fields


def _write(value: Any) -> Any:
    if isinstance(value, np.ndarray):
        return array_to_map(value)
    if isinstance(value, np.generic):
        return value.item()
    raise TypeError(f"a {type(value).__name__} cannot travel")


def _write_json(value: Any) -> Any:
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    return _write(value)


def _check_limits(value: Any) -> None:
    """Nesting and entries; an ndarray counts as one entry."""
    entries, level, depth = 0, [value], 0
    while level:
        containers = [item for item in level if isinstance(item, (dict, list))]
        depth += 1 if containers else 0
        entries += sum(map(len, containers))
        if depth > MAX_DEPTH:
            raise WireError("BAD_FRAME", f"nested deeper than {MAX_DEPTH}")
        if entries > MAX_ENTRIES:
            raise WireError("BAD_FRAME", f"more than {MAX_ENTRIES} entries")
        level = [part for item in containers for part in (item.values() if isinstance(item, dict) else item)]


class MsgPack:
    """MessagePack in binary frames."""

    subprotocol = "pondera.v1.msgpack"

    @staticmethod
    def encode(message: dict) -> bytes:
        return msgpack.packb(message, default=_write)

    @staticmethod
    def decode(frame: Frame) -> dict:
        """The message of a frame.

        Raises:
            WireError: `BAD_FRAME` or `BAD_MESSAGE`.
        """
        if isinstance(frame, str):
            raise WireError("BAD_FRAME", "expected a binary frame of MessagePack, got a text frame")
        limits = {"max_array_len": MAX_ENTRIES, "max_map_len": MAX_ENTRIES}
        try:
            value = msgpack.unpackb(frame, object_hook=_read_map, **limits)
        except (ValueError, TypeError, msgpack.UnpackException) as error:
            raise WireError("BAD_FRAME", f"not MessagePack: {error or type(error).__name__}") from None
        return _message(value)


class Json:
    """JSON in text frames."""

    subprotocol = "pondera.v1.json"

    @staticmethod
    def encode(message: dict) -> str:
        return json.dumps(message, default=_write_json, allow_nan=False, separators=(",", ":"))

    @staticmethod
    def decode(frame: Frame) -> dict:
        """As `MsgPack.decode`."""
        if not isinstance(frame, str):
            raise WireError("BAD_FRAME", "expected a text frame of JSON, got a binary frame")
        try:
            value = json.loads(frame, object_hook=_read_map)
        except (ValueError, RecursionError) as error:
            raise WireError("BAD_FRAME", f"not JSON: {error}") from None
        return _message(value)


CODECS = {codec.subprotocol: codec for codec in (MsgPack, Json)}


def _message(value: Any) -> dict:
    _check_limits(value)
    if not isinstance(value, dict) or not isinstance(value.get("t"), str):
        raise WireError("BAD_MESSAGE", "expected a map with a type `t`")
    return value
