import gymnasium as gym
import numpy as np
import pytest
from gymnasium.spaces import Box, Dict, Discrete

from pondera_client.errors import WireError
from pondera_client.host import Host
from pondera_client.wire import Json, MsgPack
from toys import Count, Moody, Prompting, Showing, Stray, Telling
from trainer import actions, request


def ask(host, *arguments, asker="a", **fields):
    return host.handle(request(*arguments, **fields), asker)


def one(host, *arguments, **fields):
    (reply,) = ask(host, *arguments, **fields)
    return reply


def test_the_true_last_observation_and_the_next_first_one_come_together():
    host = Host(Count, 2)
    began = one(host, "reset", [0, 1], 1, seeds=[10, 20])
    assert began["t"] == "began" and began["obs"].tolist() == [[10, 0], [20, 0]]
    for seq in (2, 3):
        stepped = one(host, "step", [1], seq, actions=actions(2))
        assert stepped["obs"].tolist() == [[20, seq - 1]] and "next" not in stepped and "info" not in stepped
    stepped = one(host, "step", [0, 1], [2, 4], actions=actions(1, 3))
    assert stepped["obs"].tolist() == [[10, 1], [20, 3]]
    assert stepped["reward"].tolist() == [1, 3] and stepped["reward"].dtype == np.float64
    assert stepped["terminated"].tolist() == [0, 1] and stepped["truncated"].tolist() == [0, 0]
    assert stepped["next"]["at"].tolist() == [1] and stepped["next"]["obs"].tolist() == [[21, 0]]


def test_a_time_limit_truncates():
    host = Host(lambda: gym.make("CartPole-v1", max_episode_steps=2), 1)
    alone = gym.make("CartPole-v1", max_episode_steps=2)
    assert host.description["id"] == "CartPole-v1" and host.description["maxEpisodeSteps"] == 2
    first, _ = alone.reset(seed=5)
    assert np.array_equal(one(host, "reset", [0], 1, seeds=[5])["obs"][0], first)
    one(host, "step", [0], 2, actions=actions(0))
    alone.step(0)
    stepped = one(host, "step", [0], 3, actions=actions(1))
    assert np.array_equal(stepped["obs"][0], alone.step(1)[0])
    assert (stepped["terminated"][0], stepped["truncated"][0]) == (0, 1)
    assert np.array_equal(stepped["next"]["obs"][0], alone.reset()[0])


def test_each_request_is_performed_once_however_it_is_regrouped():
    host = Host(lambda: Count(1), 3)
    one(host, "reset", [0, 1, 2], 1, seeds=[10, 20, 30])
    stepped = one(host, "step", [0, 1, 2], 2, actions=actions(1, 2, 3))
    assert one(host, "step", [0, 1, 2], 2, actions=actions(3, 3, 3)) is stepped
    part = one(host, "step", [2, 0], 2, actions=actions(1, 1))
    assert part["envs"].tolist() == [2, 0] and part["seq"].tolist() == [2, 2]
    assert part["reward"].tolist() == [3, 1] and part["obs"].tolist() == [[30, 1], [10, 1]]
    assert part["next"]["at"].tolist() in ([0, 1], [1, 0])
    firsts = dict(zip(part["next"]["at"].tolist(), part["next"]["obs"].tolist()))
    assert firsts == {0: [31, 0], 1: [11, 0]}
    again, fresh = ask(host, "step", [0, 1], [2, 3], actions=actions(1, 2))
    assert again["envs"].tolist() == [0] and again["next"]["obs"].tolist() == [[11, 0]]
    assert fresh["envs"].tolist() == [1] and fresh["obs"].tolist() == [[21, 1]]


def test_earlier_observations_travel_as_a_batch_with_each_observation_that_they_precede():
    host = Host(Prompting, 2)
    began = one(host, "reset", [0, 1], 1, seeds=[10, 20])
    assert [info["earlier"].tolist() for info in began["info"]] == [[[-2, 0], [-1, 0]]] * 2
    one(host, "step", [0], 2, actions=actions(1))
    one(host, "step", [0], 3, actions=actions(1))
    stepped = one(host, "step", [0], 4, actions=actions(1))
    assert stepped["info"][0]["earlier"].tolist() == [[10, 2.5]]
    assert stepped["next"]["info"][0]["earlier"].tolist() == [[-2, 0], [-1, 0]]


def test_what_is_no_earlier_observation_is_the_fault_of_that_environment_alone():
    host = Host(Prompting, 2)
    one(host, "reset", [0, 1], 1, seeds=[10, 20])
    replies = ask(host, "step", [0, 1], 2, actions=actions(1, 3))
    by_kind = {reply["t"]: reply for reply in replies}
    assert by_kind["stepped"]["envs"].tolist() == [0]
    assert by_kind["failed"]["envs"].tolist() == [1]
    assert "info['earlier']: expected a list of observations, got 'none'" in by_kind["failed"]["message"]


def test_a_demonstration_travels_as_a_batch_of_one_action():
    host = Host(Showing, 2)
    began = one(host, "reset", [0, 1], 1, seeds=[10, 20])
    assert [info["demonstration"].tolist() for info in began["info"]] == [[2], [2]]
    assert one(host, "step", [0], 2, actions=actions(1))["info"][0]["demonstration"].tolist() == [1]
    one(host, "step", [0], 3, actions=actions(1))
    last = one(host, "step", [0], 4, actions=actions(1))
    assert "info" not in last
    assert last["next"]["info"][0]["demonstration"].tolist() == [2]


def test_a_demonstration_that_is_no_action_is_the_fault_of_that_environment_alone():
    host = Host(Showing, 2)
    one(host, "reset", [0, 1], 1, seeds=[10, 20])
    replies = ask(host, "step", [0, 1], 2, actions=actions(1, 3))
    by_kind = {reply["t"]: reply for reply in replies}
    assert by_kind["stepped"]["envs"].tolist() == [0]
    assert by_kind["failed"]["envs"].tolist() == [1]
    assert "info['demonstration']: " in by_kind["failed"]["message"]


@pytest.mark.parametrize("seq", [0, 2, 3])
def test_any_other_seq_is_an_error_and_nothing_is_done(seq):
    host = Host(Count, 2)
    with pytest.raises(WireError) as caught:
        ask(host, "reset", [0, 1], [1, seq])
    assert caught.value.code == "SEQUENCE"
    one(host, "reset", [0, 1], 1)


@pytest.mark.parametrize(
    "message",
    [
        {"t": "fly", "envs": [0], "seq": [1]},
        {"t": "reset", "seq": [1]},
        {"t": "reset", "envs": [0]},
        {"t": "reset", "envs": [2], "seq": [1]},
        {"t": "reset", "envs": [-1], "seq": [1]},
        {"t": "reset", "envs": [0, 0], "seq": [1, 1]},
        {"t": "reset", "envs": [0.5], "seq": [1]},
        {"t": "reset", "envs": [[0], [1, 2]], "seq": [1]},
        {"t": "reset", "envs": "0", "seq": [1]},
        {"t": "reset", "envs": [0, 1], "seq": [1]},
        {"t": "reset", "envs": [0], "seq": [2**40]},
        {"t": "reset", "envs": [0], "seq": [1], "seeds": 3},
        {"t": "reset", "envs": [0], "seq": [1], "seeds": [-3]},
        {"t": "reset", "envs": [0], "seq": [1], "seeds": [True]},
        {"t": "reset", "envs": [0], "seq": [1], "options": 3},
        {"t": "step", "envs": [0], "seq": [1]},
        {"t": "restore", "envs": [0], "seq": [1], "states": []},
    ],
)
def test_messages_that_are_none(message):
    with pytest.raises(WireError) as caught:
        Host(Count, 2).handle(message, "a")
    assert caught.value.code == "BAD_MESSAGE"


def test_lists_are_understood_for_arrays():
    host = Host(Count, 2)
    host.handle({"t": "reset", "envs": [0, 1], "seq": [1, 1]}, "a")
    (stepped,) = host.handle({"t": "step", "envs": [1], "seq": [2], "actions": [3]}, "a")
    assert stepped["reward"].tolist() == [3]


def test_refusals_change_nothing():
    host = Host(Count, 3)
    one(host, "reset", [1, 2], 1)
    stepped, *failed = ask(host, "step", [0, 1, 2], [1, 2, 2], actions=actions(1, 0, 1))
    assert stepped["envs"].tolist() == [2]
    assert {int(f["envs"][0]): (f["t"], f["code"], int(f["seq"][0])) for f in failed} == {
        0: ("failed", "REFUSED", 1),
        1: ("failed", "REFUSED", 2),
    }
    for bad in (np.zeros((1, 2), np.int32), np.array([0.5]), "x", None):
        host = Host(Count, 1)
        one(host, "reset", [0], 1)
        assert one(host, "step", [0], 2, actions=bad)["code"] == "REFUSED"
        assert one(host, "step", [0], 3, actions=actions(1))["obs"].tolist() == [[1, 1]]
    assert one(host, "render", [0], 4)["code"] == "REFUSED"


def test_an_environment_that_threw_fails_alone_and_is_made_again():
    Moody.closed.clear()
    host = Host(Moody, 3)
    one(host, "reset", [0, 1, 2], 1, seeds=[7, 8, 9])
    replies = ask(host, "step", [0, 1, 2], 2, actions=actions(1, 2, 3))
    assert replies[0]["envs"].tolist() == [0] and replies[0]["obs"].tolist() == [[7, 1]]
    assert {(r["code"], tuple(r["envs"].tolist())) for r in replies[1:]} == {("ENV_FAILED", (1,)), ("ENV_FAILED", (2,))}
    assert len(Moody.closed) == 2
    assert one(host, "step", [1], 3, actions=actions(1))["code"] == "REFUSED"
    assert one(host, "reset", [1, 2], [4, 3])["obs"].tolist() == [[1, 0], [1, 0]]
    host.close()
    assert len(Moody.closed) == 5


def test_one_that_leaves_its_bounds_fails_unless_none_are_stated():
    host = Host(Stray, 1)
    one(host, "reset", [0], 1)
    assert one(host, "step", [0], 2, actions=actions(1))["t"] == "stepped"
    failed = one(host, "step", [0], 3, actions=actions(1))
    assert failed["code"] == "ENV_FAILED" and "--unbounded" in failed["message"]

    host = Host(Stray, 1, unbounded=True)
    spaces = dict(host.description["observationSpace"]["spaces"])
    assert (spaces["at"]["low"], spaces["at"]["high"]) == (None, None)
    assert (spaces["tile"]["low"], spaces["tile"]["high"]) == (0, 3)
    one(host, "reset", [0], 1)
    for seq, at in ((2, 1), (3, 2)):
        assert one(host, "step", [0], seq, actions=actions(1))["obs"]["at"].tolist() == [at]


def test_masks_and_infos():
    host = Host(lambda: Telling(1), 1)
    assert "info" not in one(host, "reset", [0], 1)
    stepped = one(host, "step", [0], 2, actions=actions(1))
    assert stepped["actionMask"].tolist() == [[1, 0, 1]] and stepped["actionMask"].dtype == np.uint8
    (info,) = stepped["info"]
    assert info.pop("seen").tolist() == [0, 1]
    assert info == {"difficulty": 2.0, "is_success": True, "success": True, "metrics": {"turns": 1.0}}
    for codec in (MsgPack, Json):
        codec.encode(stepped)


def test_a_mask_in_the_observation():
    class Masking(gym.Env):
        observation_space = Dict(action_mask=Box(0, 1, (2,), np.int8), x=Discrete(3))
        action_space = Discrete(2)

        def reset(self, *, seed=None, options=None):
            return {"action_mask": np.array([1, 0], np.int8), "x": 2}, {}

    began = one(Host(Masking, 2), "reset", [0, 1], 1)
    assert began["actionMask"].tolist() == [[1, 0], [1, 0]] and began["actionMask"].dtype == np.uint8
    assert began["obs"]["x"].tolist() == [2, 2] and began["obs"]["action_mask"].tolist() == [[1, 0], [1, 0]]


def test_states():
    host = Host(lambda: gym.wrappers.TimeLimit(Count(9), 3), 2)
    assert host.description["snapshots"]
    assert one(host, "snapshot", [0], 1)["code"] == "REFUSED"
    one(host, "reset", [0], 2, seeds=[4])
    one(host, "step", [0], 3, actions=actions(1))
    states = one(host, "snapshot", [0], 4)["states"]
    assert Json.decode(Json.encode({"t": "a", "x": states}))["x"] == states
    assert one(host, "restore", [1], 1, states=states)["t"] == "restored"
    for seq, truncated in ((2, 0), (3, 1)):
        stepped = one(host, "step", [1], seq, actions=actions(1))
        assert stepped["obs"].tolist() == [[4, seq]] and stepped["truncated"].tolist() == [truncated]
    assert not Host(lambda: gym.make("CartPole-v1"), 1).description["snapshots"]
