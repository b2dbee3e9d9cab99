"""How large messages are, and what a frame may have."""

from __future__ import annotations

from typing import Any, Callable, Iterator

import numpy as np

# bytes of a frame that a trainer takes, whoever has dialled
TRAINER_TAKES = 64 * 2**20
MAX_ENTRIES = 1_000_000

# what is sent at once is no more, where it can be parted
PART_BYTES = 4 * 2**20
PART_ENTRIES = 50_000

# of the map that stands for an array; and of a number, or of what introduces anything else, at most
ARRAY_BYTES, ARRAY_ENTRIES, HEAD = 80, 8, 9


def size_of(value: Any) -> tuple[int, int]:
    """About how many bytes a value has in MessagePack, and how many entries of lists and maps (two for each key)."""
    size = entries = 0
    waiting = [value]
    while waiting:
        item = waiting.pop()
        size += HEAD
        if isinstance(item, np.ndarray):
            size, entries = size + ARRAY_BYTES + item.nbytes, entries + ARRAY_ENTRIES
        elif isinstance(item, str):
            size += len(item) if item.isascii() else len(item.encode(errors="replace"))
        elif isinstance(item, bytes):
            size += len(item)
        elif isinstance(item, (list, tuple)):
            entries += len(item)
            waiting.extend(item)
        elif isinstance(item, dict):
            entries += 2 * len(item)
            waiting.extend(item.keys())
            waiting.extend(item.values())
    return size, entries


def explain_size(message: Any, takes: int) -> str | None:
    """Why a message cannot travel to a peer that takes frames of so many bytes, or None where it can."""
    size, entries = size_of(message)
    if size > takes:
        return f"expected at most {takes} bytes, which the other side takes (maxPayload), got {size}"
    if entries > MAX_ENTRIES:
        return f"expected at most {MAX_ENTRIES} entries in a frame, got {entries}"
    return None


def parted(reply: dict[str, Any], rows: Callable[[dict, list[int], int], dict], takes: int) -> Iterator[dict[str, Any]]:
    """A reply in as many parts as make each quick to send; a row that is too large alone is `failed`.

    Args:
        rows: some of the k rows of a reply.
        takes: bytes of a frame that the trainer takes.
    """
    k = len(reply["envs"])
    size, entries = size_of(reply)
    if size <= min(PART_BYTES, takes) and entries <= PART_ENTRIES:
        yield reply
    elif k > 1:
        for part in (range(k // 2), range(k // 2, k)):
            yield from parted(rows(reply, list(part), k), rows, takes)
    else:
        why = explain_size(reply, takes)
        if why is None:
            yield reply
        else:
            yield {"t": "failed", "envs": reply["envs"], "code": "TOO_LARGE", "message": f"{reply['t']}: {why}"}
