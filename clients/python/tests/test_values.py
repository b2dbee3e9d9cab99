import logging

import gymnasium as gym
import numpy as np
import pytest
from gymnasium.spaces import Box, Dict, Discrete, MultiDiscrete

from pondera_client.batches import conform
from pondera_client.errors import Misfit, SpaceError, WireError
from pondera_client.host import Host
from pondera_client.spaces import space_to_json
from pondera_client.values import flag, number
from pondera_client.vector import VectorHost
from pondera_client.wire import Json, MsgPack
from trainer import actions, request


class Odd(gym.Env):
    """Ends at its first step, and says things in forms of its own."""

    observation_space, action_space = Box(-1, 1, (2,), np.float32), Discrete(2)

    def __init__(self, reward=1.0, terminated=True, info=None):
        self._said = reward, terminated, False, info or {}

    def reset(self, *, seed=None, options=None):
        return np.zeros(2, np.float32), {}

    def step(self, action):
        reward, terminated, truncated, info = self._said
        return np.ones(2, np.float32), reward, terminated if action == 0 else False, truncated, info


def played(make, count=1, action=0):
    """What a step of all of them is answered with, after their reset."""
    host = Host(make, count)
    envs = list(range(count))
    host.handle(request("reset", envs, 1), "a")
    return host.handle(request("step", envs, 2, actions=actions(*[action] * count)), "a")


ONE = [np.float64(1), np.array(1), np.array([1]), np.array([[1.0]], np.float32), np.bool_(True), True, 1]


@pytest.mark.parametrize("value", ONE, ids=repr)
def test_a_value_of_one_entry_is_that_entry(value):
    assert number(value, "reward") == 1 and flag(value, "terminated") is True
    (stepped,) = played(lambda: Odd(value, value, {"success": value, "difficulty": value}))
    assert stepped["reward"].tolist() == [1.0] and stepped["terminated"].tolist() == [1]
    assert stepped["info"] == [{"success": True, "difficulty": 1.0}]


@pytest.mark.parametrize(
    "odd, message",
    [
        ({"reward": None}, "reward: expected a finite number, got None"),
        ({"reward": "1"}, "reward: expected a finite number, got '1'"),
        ({"reward": np.ones(2)}, r"reward: expected a finite number, got array\(\[1., 1.\]\) of shape \(2,\)"),
        ({"reward": float("nan")}, "reward: expected a finite number, got nan"),
        ({"terminated": None}, "terminated: expected True or False, got None"),
        ({"terminated": 2}, "terminated: expected True or False, got 2"),
        ({"terminated": np.zeros(2)}, "terminated: expected True or False, got array"),
    ],
)
def test_another_value_fails_its_environment_alone_and_is_named(odd, message):
    made = iter([Odd(**odd), Odd()])
    replies = {reply["t"]: reply for reply in played(lambda: next(made), 2)}
    assert replies["stepped"]["envs"].tolist() == [1] and replies["failed"]["envs"].tolist() == [0]
    with pytest.raises(AssertionError, match=message):
        raise AssertionError(replies["failed"]["message"])


@pytest.mark.parametrize(
    "info, left",
    [
        ({"success": None, "difficulty": None}, {}),
        ({"success": None, "is_success": 1.0}, {"is_success": 1.0, "success": True}),
        ({"success": "yes", "difficulty": "hard", "lives": 3}, {"lives": 3}),
        ({"difficulty": float("inf"), "success": np.ones(3)}, {}),
        ({"metrics": {"a": np.float32(2), "b": True, "c": [3], "d": None}}, {"metrics": {"a": 2.0, "b": 1.0, "c": 3.0}}),
        ({"metrics": [1]}, {}),
    ],
)
def test_what_only_shares_its_name_with_what_is_understood_is_ignored_and_said_once(info, left, caplog):
    host = Host(lambda: Odd(info=info), 1)
    host.handle(request("reset", [0], 1), "a")
    with caplog.at_level(logging.WARNING, "pondera_client"):
        for seq in (2, 3):
            (stepped,) = host.handle(request("step", [0], seq, actions=actions(0)), "a")
            assert stepped.get("info", [{}]) == [left]
    wrong = [key for key, value in info.items() if value is not None and key not in left and key != "is_success"]
    assert [record.args[0] for record in caplog.records] == sorted(wrong)


def test_of_metrics_what_is_no_number_is_left_out_and_the_rest_travels(caplog):
    many = {f"n{i}": i for i in range(40)}
    for metrics, kept in (({"a": 1, "b": float("nan"), "c": "x", 3: 4}, {"a": 1.0}), (many, dict(list(many.items())[:32]))):
        with caplog.at_level(logging.WARNING, "pondera_client"):
            (stepped,) = played(lambda: Odd(info={"metrics": metrics}))
        assert stepped["info"] == [{"metrics": kept}]
    assert [record.args[0] for record in caplog.records] == ["metrics", "metrics"]


def test_a_vector_environment_may_give_them_so_too():
    class Column(gym.vector.SyncVectorEnv):
        def step(self, actions):
            obs, reward, terminated, truncated, info = super().step(actions)
            return obs, reward[:, None], terminated[:, None], truncated, info

    mode = gym.vector.AutoresetMode.DISABLED
    host = VectorHost(lambda n: Column([lambda: Odd(2.0, False)] * n, autoreset_mode=mode), 2)
    host.handle(request("reset", [0, 1], 1), "a")
    (stepped,) = host.handle(request("step", [0, 1], 2, actions=actions(0, 0)), "a")
    assert stepped["reward"].tolist() == [2, 2] and stepped["terminated"].tolist() == [0, 0]


@pytest.mark.parametrize(
    "space, message",
    [
        (Dict(a=Box(-1, 1, (0,)), b=Box(-1, 1, (2,))), "holds nothing"),
        (Box(0, 1, (3, 0), np.uint8), r"\[3, 0\] holds nothing"),
        (Discrete(2**25), "beyond ±2\\^24"),
        (MultiDiscrete([2, 2**25]), "beyond ±2\\^24"),
        (Box(0, 1, (2**25,)), "more than 16777216 entries"),
    ],
    ids=repr,
)
def test_a_space_that_no_trainer_takes_is_refused_as_it_is_announced(space, message):
    with pytest.raises(SpaceError, match=message):
        space_to_json(space)


def test_no_integer_is_rounded():
    box = space_to_json(Box(-np.inf, np.inf, (1,), np.float64))
    assert conform(box, np.array([[2**53 - 1]]), 1).tolist() == [[2**53 - 1]]
    with pytest.raises(Misfit, match="int64 with values it cannot hold"):
        conform(box, np.array([[2**53 + 1]]), 1)
    for codec in (MsgPack, Json):
        with pytest.raises(ValueError, match="2\\^53"):
            codec.encode({"t": "x", "obs": np.array([2**53])})


def test_what_is_too_much_of_an_info_is_left_out_and_said_once(caplog):
    with caplog.at_level(logging.WARNING, "pondera_client"):
        info = {"path": [1.0] * 100_001, "image": np.zeros(10**6, np.uint8), "depth": 3}
        (stepped,) = played(lambda: Odd(info=info))
    assert list(stepped["info"][0]) == ["image", "depth"]
    assert [record.getMessage() for record in caplog.records] == [
        "info['path'] is left out: it has 100001 entries and 900018 bytes; a key may have 20000 entries and 1048576 bytes"
    ]


def test_what_is_more_than_a_frame_may_have_travels_in_parts_or_is_refused_with_its_size():
    class Large(Odd):
        observation_space = Box(0, 255, (10**6,), np.uint8)

        def reset(self, **_):
            return np.zeros(10**6, np.uint8), {}

    host = Host(Large, 8)
    replies = host.handle(request("reset", list(range(8)), 1), "a")
    assert [env for reply in replies for env in reply["envs"].tolist()] == list(range(8))
    assert all(len(MsgPack.encode(reply)) < 4.1 * 2**20 for reply in replies) and len(replies) > 1
    again = host.handle(request("reset", [7, 0], 1), "a")
    assert sorted(env for reply in again for env in reply["envs"].tolist()) == [0, 7]
    small = Host(Large, 1)
    small.takes = 500_000
    (failed,) = small.handle(request("reset", [0], 1), "a")
    assert (failed["t"], failed["code"]) == ("failed", "TOO_LARGE")
    assert "at most 500000 bytes, which the other side takes (maxPayload), got 1000" in failed["message"]


def test_each_is_answered_when_it_is_done():
    order = []

    class Slow(Odd):
        def reset(self, **_):
            import time

            end = time.monotonic() + 0.12
            while time.monotonic() < end:
                pass
            order.append("reset")
            return np.zeros(2, np.float32), {}

    host = Host(Slow, 3)
    for reply in host.answer(request("reset", [0, 1, 2], 1), "a"):
        order.append(f"answered {reply['envs'].tolist()}")
    assert order == ["reset", "answered [0]", "reset", "answered [1]", "reset", "answered [2]"]


def test_a_frame_that_a_peer_must_not_send_has_a_code():
    with pytest.raises(WireError, match="BAD_FRAME"):
        MsgPack.decode(b"\xc1")
