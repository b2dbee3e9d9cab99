"""The infos of a vector environment, one by one."""

from __future__ import annotations

from typing import Any

import numpy as np


def info_rows(infos: dict[str, Any], n: int) -> list[dict[str, Any]]:
    """The n infos of a vector environment's: a key `x` has the values, and `_x` whose they are (all, where missing)."""
    rows: list[dict[str, Any]] = [{} for _ in range(n)]
    for key, values in infos.items():
        if key.startswith("_") and key[1:] in infos:
            continue
        if isinstance(values, dict):
            values = info_rows(values, n)
        if not isinstance(values, (np.ndarray, list, tuple)) or len(values) != n:
            continue
        present = infos.get(f"_{key}")
        for row in range(n) if present is None else np.flatnonzero(present):
            rows[row][key] = values[row]
    return rows
