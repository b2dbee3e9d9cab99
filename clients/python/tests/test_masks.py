"""Masks: flat as they travel, from every form in which they may be given."""

import numpy as np
import pytest
from gymnasium.spaces import Box, Dict, Discrete, MultiDiscrete, Tuple

from pondera_client.errors import Misfit
from pondera_client.masks import choices_of, flat_mask
from pondera_client.spaces import space_from_json, space_to_json


def hybrid():
    more = Tuple([Box(0, 1, (1,)), MultiDiscrete([2, 2])])
    # pairs keep their order, which a plain dict need not
    space = Dict([("more", more), ("power", Box(0, 1, (1,))), ("target", Discrete(3)), ("unit", Discrete(2))])
    space.masked_by = {"target": "unit"}
    return space


SPACE = space_to_json(hybrid())
# more, unit, target: what is masked comes last
ROW = [1, 1, 0, 1] + [1, 0] + [0, 1, 1] + [0, 0, 0]


def test_a_part_comes_after_the_one_that_masks_it():
    assert [key for key, _ in SPACE["spaces"]] == ["more", "power", "unit", "target"]
    assert SPACE["maskedBy"] == {"target": "unit"}
    assert space_to_json(space_from_json(SPACE)) == SPACE
    pair = Tuple([Discrete(2), Discrete(3)])
    pair.masked_by = {1: 0}
    assert space_to_json(pair)["maskedBy"] == {"1": 0}
    assert space_from_json(space_to_json(pair)).masked_by == {1: 0}
    assert "maskedBy" not in space_to_json(Tuple([Discrete(2)]))


@pytest.mark.parametrize(
    "given",
    [
        ROW,
        np.array(ROW, np.int8),
        {"unit": [1, 0], "target": [[0, 1, 1], [0, 0, 0]], "more": (None, np.array([1, 1, 0, 1]))},
        {"unit": np.array([True, False]), "target": np.reshape(ROW[6:], (2, 3)), "more": [None, ([1, 1], [0, 1])]},
        {"unit": [1, 0], "target": ROW[6:], "more": (None, [1, 1, 0, 1])},
    ],
)
def test_flat_from_every_form(given):
    assert choices_of(SPACE) == len(ROW)
    assert flat_mask(SPACE, given).tolist() == [bool(entry) for entry in ROW]


def test_what_is_not_named_is_free():
    assert flat_mask(SPACE, {}).all() and flat_mask(SPACE, None).all()
    assert flat_mask(SPACE, {"unit": [0, 1]}).sum() == len(ROW) - 1


@pytest.mark.parametrize(
    "given, message",
    [
        ([1, 0], r"^action_mask: expected 12 entries, got shape \[2\]"),
        ({"unti": [1, 0]}, "^action_mask: expected keys of more, power, target, unit, got unti"),
        ({"unit": [1, 0, 1]}, r"^action_mask\['unit'\]: expected 2 entries, got shape \[3\]"),
        ({"target": [[1, 1, 1]] * 3}, r"^action_mask\['target'\]: expected 2 rows, got 3"),
        ({"target": [1, 1, 1]}, r"^action_mask\['target'\]: expected 2 rows of 3 entries"),
        ({"more": [[1]]}, r"^action_mask\['more'\]: expected 2 masks, got 1"),
        ({"power": [1]}, r"^action_mask\['power'\]: expected 0 entries, got shape \[1\]"),
        ({"unit": "01"}, r"^action_mask\['unit'\]: expected 2 entries, got"),
    ],
)
def test_refuses_what_does_not_fit(given, message):
    with pytest.raises(Misfit, match=message):
        flat_mask(SPACE, given)
