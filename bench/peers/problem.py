"""What a contender works on: weights and inputs by name, from a file that the bench wrote, or random."""

import json

import numpy as np

WIDTH, FEED_FORWARD, TOKENS, CHOICES, ACTIONS = 64, 256, 7, 8, 4
BATCH, STEPS = 512, 4


def load(path):
    """Float32 arrays by name: those of a safetensors file, or random ones without a path."""
    return _random() if path is None else _read(path)


def _read(path):
    with open(path, "rb") as file:
        size = int.from_bytes(file.read(8), "little")
        header = json.loads(file.read(size))
        data = file.read()
    header.pop("__metadata__", None)
    arrays = {}
    for name, entry in header.items():
        begin, end = entry["data_offsets"]
        arrays[name] = np.frombuffer(data[begin:end], np.float32).reshape(entry["shape"])
    return arrays


def _random():
    rng = np.random.default_rng(0)

    def normal(*shape):
        return rng.standard_normal(shape).astype(np.float32)

    def weight(rows, columns):
        return normal(rows, columns) / np.float32(np.sqrt(rows))

    d, f = WIDTH, FEED_FORWARD
    gain = np.ones(d, np.float32)
    return {
        "tokens": normal(BATCH, TOKENS, d),
        "target": normal(BATCH, d),
        "steps": np.full(BATCH, STEPS, np.float32),
        "observations": rng.integers(0, CHOICES, (BATCH, TOKENS)).astype(np.float32),
        "encoder.table0": normal(CHOICES, d),
        "encoder.positions": normal(TOKENS, d),
        "core.initial": normal(1, d),
        "core.tokens": gain,
        "core.inject": weight(d, d),
        "core.keep": np.eye(d, dtype=np.float32),
        "core.adapted": gain,
        "core.block0.attention.before": gain,
        "core.block0.attention.query": weight(d, d),
        "core.block0.attention.out": weight(d, d),
        "core.block0.attention.after": gain,
        "core.block0.key": weight(d, d),
        "core.block0.value": weight(d, d),
        "core.block0.forward.before": gain,
        "core.block0.forward.inner": weight(d, f),
        "core.block0.forward.bias": normal(f),
        "core.block0.forward.outer": weight(f, d),
        "core.block0.forward.after": gain,
        "heads.readout": gain,
        "heads.action": weight(d, ACTIONS),
        "heads.actionBias": normal(ACTIONS),
        "heads.value": weight(d + 2, 1),
        "heads.valueBias": normal(1),
        "heads.halt": weight(d + 2, 1),
        "heads.haltBias": normal(1),
    }
