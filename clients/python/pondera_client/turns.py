"""Environments that take turns: what is ready is answered while the others are still at it."""

from __future__ import annotations

import time
from typing import Callable, Iterable, Iterator, TypeVar

T = TypeVar("T")
U = TypeVar("U")

# how long a result may wait for others to travel with, in seconds
SLICE = 0.1


def in_turns(items: Iterable[T], work: Callable[[T], U | None]) -> Iterator[list[U]]:
    """What `work` gives of each item, less what is None; a list, which may be empty, whenever some time has passed."""
    done: list[U] = []
    until = time.monotonic() + SLICE
    for item in items:
        result = work(item)
        if result is not None:
            done.append(result)
        if time.monotonic() >= until:
            yield done
            done, until = [], time.monotonic() + SLICE
    if done:
        yield done
