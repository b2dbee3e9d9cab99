import base64
import json

import msgpack
import numpy as np
import pytest

from pondera_client.errors import WireError
from pondera_client.wire import Json, MsgPack

BYTES = bytes.fromhex(
    "82"  # a map of 2
    "a174" "a161"  # "t": "a"
    "a178" "84"  # "x": a map of 4
    "ab5f5f6e6461727261795f5f" "c3"  # "__ndarray__": true
    "a56474797065" "a33c6634"  # "dtype": "<f4"
    "a57368617065" "920102"  # "shape": [1, 2]
    "a464617461" "c408" "0000803f" "000000c0"  # "data": 1, -2
)
ARRAY = np.array([[1, -2]], np.float32)


def test_an_array_in_messagepack_byte_for_byte():
    assert MsgPack.encode({"t": "a", "x": ARRAY}) == BYTES
    decoded = MsgPack.decode(BYTES)["x"]
    assert decoded.dtype == np.float32 and decoded.tolist() == [[1, -2]] and decoded.flags.writeable


def test_an_array_in_json():
    data = base64.b64encode(BYTES[-8:]).decode()
    encoded = json.loads(Json.encode({"t": "a", "x": ARRAY}))
    assert encoded["x"] == {"__ndarray__": True, "dtype": "<f4", "shape": [1, 2], "data": data}
    assert Json.decode(json.dumps(encoded))["x"].tolist() == [[1, -2]]


def test_keys_may_be_binary():
    array = {b"__ndarray__": True, b"dtype": "|u1", b"shape": [2], b"data": b"\x01\x02"}
    assert MsgPack.decode(msgpack.packb({"t": "a", "x": array}))["x"].tolist() == [1, 2]


@pytest.mark.parametrize("dtype", "f4 f8 i1 u1 i2 u2 i4 u4 i8 u8 ?".split())
@pytest.mark.parametrize("codec", [MsgPack, Json])
@pytest.mark.parametrize("order", "<>")
def test_every_dtype_goes_round(codec, dtype, order):
    array = np.arange(6).reshape(2, 3).astype(order + dtype)
    back = codec.decode(codec.encode({"t": "a", "x": array, "empty": array[:0]}))
    assert back["x"].dtype == np.dtype(dtype) and np.array_equal(back["x"], array)
    assert back["empty"].shape == (0, 3)


@pytest.mark.parametrize(
    "changed",
    [
        {"dtype": "<f2"},
        {"dtype": ">f4"},
        {"dtype": None},
        {"shape": [3]},
        {"shape": [-2]},
        {"shape": 2},
        {"shape": [2**62, 0, 2**62]},
        {"data": b"\0" * 9},
        {"data": 8},
        {"data": None},
        {"dtype": "<i8", "shape": [1], "data": b"\xff" * 7 + b"\x7f"},
    ],
)
def test_what_is_no_array_is_a_bad_message(changed):
    array = {"__ndarray__": True, "dtype": "<f4", "shape": [2], "data": b"\0" * 8, **changed}
    with pytest.raises(WireError, match="ndarray") as caught:
        MsgPack.decode(msgpack.packb({"t": "a", "x": array}))
    assert caught.value.code == "BAD_MESSAGE"


@pytest.mark.parametrize("array", [np.zeros(1, np.float16), np.array(["a"]), np.array([2**53 + 1])])
def test_what_the_wire_has_not_is_not_sent(array):
    with pytest.raises((TypeError, ValueError)):
        MsgPack.encode({"t": "a", "x": array})


def deep(levels):
    return [] if levels == 1 else [deep(levels - 1)]


@pytest.mark.parametrize("codec", [MsgPack, Json])
def test_limits(codec):
    codec.decode(codec.encode({"t": "a", "x": deep(31)}))
    codec.decode(codec.encode({"t": "a", "x": [0] * 999_998}))
    codec.decode(codec.encode({"t": "a", "x": np.zeros(200_000, np.uint8)}))
    for value in (deep(32), [0] * 999_999, [[0] * 600_000] * 2):
        with pytest.raises(WireError) as caught:
            codec.decode(codec.encode({"t": "a", "x": value}))
        assert caught.value.code == "BAD_FRAME"


@pytest.mark.parametrize(
    "codec, frame, code",
    [
        (MsgPack, "{}", "BAD_FRAME"),
        (Json, b"\x80", "BAD_FRAME"),
        (MsgPack, b"", "BAD_FRAME"),
        (MsgPack, b"\xc1", "BAD_FRAME"),
        (MsgPack, b"\x82\xa1t", "BAD_FRAME"),
        (MsgPack, b"\x80\x80", "BAD_FRAME"),
        (MsgPack, b"\x81\xa1t\xa1\xff", "BAD_FRAME"),
        (MsgPack, b"\x91" * 5000, "BAD_FRAME"),
        (Json, "{", "BAD_FRAME"),
        (Json, "[" * 100_000, "BAD_FRAME"),
        (MsgPack, b"\x90", "BAD_MESSAGE"),
        (MsgPack, b"\x80", "BAD_MESSAGE"),
        (MsgPack, b"\x81\xa1t\x01", "BAD_MESSAGE"),
        (Json, "1", "BAD_MESSAGE"),
    ],
)
def test_malformed_frames(codec, frame, code):
    with pytest.raises(WireError) as caught:
        codec.decode(frame)
    assert caught.value.code == code
