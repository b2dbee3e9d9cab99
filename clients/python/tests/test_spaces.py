from collections import OrderedDict

import numpy as np
import pytest
from gymnasium import spaces
from gymnasium.utils.env_checker import data_equivalence

from pondera_client.batches import conform, outside, stack, take, unstack
from pondera_client.errors import Misfit, SpaceError
from pondera_client.spaces import space_from_json, space_to_json
from pondera_client.wire import Json, MsgPack


def with_attributes(space, **attributes):
    for name, value in attributes.items():
        setattr(space, name, value)
    return space


SPACES = [
    spaces.Box(-1, np.inf, (4,), np.float32),
    spaces.Box(np.array([-1, -np.inf]), np.array([1, 2]), dtype=np.float64),
    spaces.Box(-np.inf, np.inf, (), np.float32),
    *(spaces.Box(0, 9, (2, 3), dtype) for dtype in (np.int8, np.uint8, np.int16, np.uint16, np.int32)),
    spaces.Discrete(3),
    spaces.Discrete(4, start=-2),
    spaces.MultiDiscrete([3, 4]),
    spaces.MultiDiscrete([[3, 4], [5, 6]], start=[[1, 2], [3, 4]]),
    spaces.MultiBinary(8),
    spaces.MultiBinary([2, 3]),
    spaces.Text(5, min_length=0, charset="zab"),
    spaces.Dict(OrderedDict(z=spaces.Discrete(2), a=spaces.Dict(b=spaces.Box(0, 1, (2,))))),
    spaces.Tuple([spaces.Discrete(2), spaces.Text(3), spaces.Tuple([spaces.MultiBinary(2)])]),
    with_attributes(spaces.Sequence(spaces.Box(0, 1, (2,))), max_length=100),
    with_attributes(spaces.Sequence(spaces.Dict(a=spaces.Discrete(2))), max_length=100, read_as="set"),
    with_attributes(spaces.Graph(spaces.Box(0, 1, (2,)), spaces.Discrete(3)), max_nodes=10, max_edges=90),
    with_attributes(spaces.Graph(spaces.Discrete(2), None), max_nodes=10, max_edges=1),
]


@pytest.mark.parametrize("space", SPACES, ids=str)
@pytest.mark.parametrize("codec", [MsgPack, Json])
def test_spaces_and_their_values_go_round(space, codec):
    sent = codec.decode(codec.encode({"t": "a", "space": space_to_json(space)}))["space"]
    assert space_from_json(sent) == space
    space.seed(1)
    values = [space.sample() for _ in range(5)]
    batch = codec.decode(codec.encode({"t": "a", "x": stack(sent, values)}))["x"]
    batch = conform(sent, batch, 5)
    assert not outside(sent, batch, 5).any()
    back = unstack(sent, batch, 5)
    assert all(space.contains(value) for value in back)
    assert all(data_equivalence(*pair) for pair in zip(back, values))
    two = unstack(sent, take(sent, batch, np.array([3, 1])), 2)
    assert data_equivalence(two[0], values[3])


def test_maps_as_the_page_has_them():
    assert space_to_json(SPACES[0]) == {"type": "box", "shape": [4], "dtype": "float32", "low": -1, "high": None}
    assert space_to_json(SPACES[1])["low"] == [-1, None]
    assert space_to_json(SPACES[11]) == {
        "type": "multi-discrete",
        "shape": [2, 2],
        "nvec": [3, 4, 5, 6],
        "start": [1, 2, 3, 4],
    }
    assert [key for key, _ in space_to_json(SPACES[15])["spaces"]] == ["z", "a"]


def test_how_a_space_is_read_travels_with_it():
    made = [
        spaces.Box(0, 1, (3, 2)),
        spaces.MultiDiscrete([[2, 2], [2, 2]]),
        spaces.MultiBinary([2, 2]),
        with_attributes(spaces.Sequence(spaces.Discrete(2)), max_length=3),
    ]
    for space in made:
        sent = space_to_json(with_attributes(space, read_as="set"))
        assert sent["as"] == "set"
        assert space_from_json(sent).read_as == "set"
    assert "as" not in space_to_json(spaces.Box(0, 1, (3, 2)))
    sent = space_to_json(made[3])
    assert (sent["maxLength"], space_from_json(sent).max_length) == (3, 3)
    assert outside(sent, stack(sent, [(0, 1), (), (1, 1, 1, 1)]), 3).tolist() == [False, False, True]


def test_a_graph_has_the_most_nodes_and_edges():
    graph = with_attributes(spaces.Graph(spaces.Box(0, 1, (2,)), spaces.Discrete(3)), max_nodes=3, max_edges=2)
    sent = space_to_json(graph)
    assert (sent["maxNodes"], sent["maxEdges"], sent["edges"]) == (3, 2, {"type": "discrete", "n": 3, "start": 0})
    back = space_from_json(sent)
    assert (back.max_nodes, back.max_edges) == (3, 2)
    nodes = np.zeros((3, 2), np.float32)

    def of(n, edges, links):
        links = np.array(links, np.int32).reshape(-1, 2)
        return spaces.GraphInstance(nodes[:n] if n <= 3 else np.zeros((n, 2), np.float32), np.array(edges), links)

    given = [of(2, [2], [[0, 1]]), of(4, [], []), of(2, [0], [[0, 2]]), of(2, [3], [[0, 1]]), of(2, [1, 2], [[0, 1]])]
    batch = stack(sent, [*given, spaces.GraphInstance(nodes, None, None)])
    assert outside(sent, batch, 6).tolist() == [False, True, True, True, True, False]
    with pytest.raises(Misfit, match="not values of a graph space"):
        stack(sent, [7])


def test_boxes_of_other_dtypes_travel_in_one_that_holds_them():
    space = spaces.Box(0, 4, (2,), np.int64)
    sent = space_to_json(space)
    assert sent == {"type": "box", "shape": [2], "dtype": "int32", "low": 0, "high": 4}
    assert stack(sent, [space.sample()]).dtype == np.int32


@pytest.mark.parametrize(
    "space",
    [
        spaces.Sequence(spaces.Discrete(2)),
        spaces.Graph(spaces.Discrete(2), None),
        spaces.Dict(a=spaces.OneOf([spaces.Discrete(2)])),
        spaces.Dict({1: spaces.Discrete(2)}),
        spaces.Discrete(2**40),
        spaces.Box(-(2**40), 2**40, (1,), np.int64),
    ],
    ids=str,
)
def test_what_the_wire_has_not(space):
    with pytest.raises(SpaceError, match="cannot travel"):
        space_to_json(space)


@pytest.mark.parametrize(
    "space, values",
    [
        (SPACES[0], [np.zeros(3)]),
        (SPACES[0], [np.zeros(4), np.zeros(3)]),
        (SPACES[0], ["abcd"]),
        (SPACES[0], [[0, 0, 0, np.nan]]),
        (SPACES[0], [None]),
        (SPACES[4], [np.full((2, 3), 300)]),
        (SPACES[8], [0.5]),
        (SPACES[14], [3]),
        (SPACES[15], [{"z": 1}]),
        (SPACES[16], [(1,)]),
    ],
)
def test_misfits(space, values):
    with pytest.raises(Misfit):
        stack(space_to_json(space), values)


@pytest.mark.parametrize(
    "space, batch, expected",
    [
        (SPACES[0], [[-1, 0, 0, 9e9], [0, 0, 0, -1.5]], [False, True]),
        (SPACES[9], [-3, -2, 1, 2], [True, False, False, True]),
        (SPACES[10], [[2, 3], [2, 4]], [False, True]),
        (SPACES[14], ["", "zab", "x", "zzzzzz"], [False, False, True, True]),
        (SPACES[16], [[0, 2], ["ab", "ab"], [[[0, 1], [0, 1]]]], [False, True]),
    ],
)
def test_out_of_range_and_lists_for_arrays(space, batch, expected):
    sent, k = space_to_json(space), len(expected)
    assert outside(sent, conform(sent, batch, k), k).tolist() == expected
