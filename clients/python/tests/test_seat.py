"""Seats of games: PettingZoo's and OpenSpiel's, against players whose moves are known."""

import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env

from pondera_client.errors import SpaceError
from pondera_client.factory import Factory

TIC_TAC_TOE = {"pettingzoo": "pettingzoo.classic.tictactoe_v3", "open_spiel": "tic_tac_toe"}
NEEDS = {"pettingzoo": "pettingzoo.classic.tictactoe_v3", "open_spiel": "pyspiel"}


def seat(library, game, **options):
    pytest.importorskip(NEEDS[library])
    return Factory(game, library=library, **options)._single()


def first(obs, mask, rng):
    return int(np.flatnonzero(mask)[0])


def last(obs, mask, rng):
    return int(np.flatnonzero(mask)[-1])


def bet(obs, mask, rng):
    return 1


def wins(env, mine):
    """The rewards of a play of `mine`, and the last info."""
    obs, info = env.reset(seed=0)
    rewards, over = [], False
    while not over:
        assert env.observation_space.contains(obs) and info["action_mask"].any()
        obs, reward, terminated, truncated, info = env.step(mine(obs, info["action_mask"], None))
        rewards.append(reward)
        over = terminated or truncated
    return rewards, info


@pytest.mark.parametrize("library", TIC_TAC_TOE)
@pytest.mark.parametrize(
    "player, opponent, mine, rewards",
    [
        # 0, 8, 1, 7, 2: three in a line for who begins
        ("0", "last", first, [0, 0, 1]),
        ("1", "first", last, [0, -1]),
        # 8, 0, 7, 1, 6
        ("0", "first", last, [0, 0, 1]),
    ],
)
def test_tic_tac_toe_as_played_by_hand(library, player, opponent, mine, rewards):
    env = seat(library, TIC_TAC_TOE[library], seat=player, opponent=f"test_seat:{opponent}")
    seen, info = wins(env, mine)
    assert seen == rewards and info["success"] == (rewards[-1] > 0)


def test_a_player_of_pettingzoo_by_its_name_sees_no_mask():
    env = seat("pettingzoo", TIC_TAC_TOE["pettingzoo"], seat="player_2", opponent="test_seat:first")
    obs, info = env.reset(seed=0)
    assert env.observation_space.shape == obs.shape == (3, 3, 2)
    assert obs[..., 1].sum() == 1 and obs[..., 0].sum() == 0 and info["action_mask"].tolist() == [0] + [1] * 8


def test_planes_of_open_spiel_come_last():
    env = seat("open_spiel", TIC_TAC_TOE["open_spiel"], seat="1", opponent="test_seat:first")
    obs, _ = env.reset(seed=0)
    # empty, nought, cross: the others begin with a cross in the corner
    assert obs.shape == (3, 3, 3) and obs[0, 0].tolist() == [0, 0, 1] and obs[0, 1].tolist() == [1, 0, 0]


@pytest.mark.parametrize("action, rewards", [(0, {-1}), (1, {-2, 2})])
def test_kuhn_against_one_who_always_bets(action, rewards):
    env = seat("open_spiel", "kuhn_poker", seat="1", opponent="test_seat:bet")
    seen, cards = set(), set()
    for episode in range(60):
        obs, _ = env.reset(seed=episode)
        assert obs.shape == (11,)
        cards.add(obs[2:5].argmax())
        _, reward, terminated, _, _ = env.step(action)
        assert terminated
        seen.add(reward)
    assert seen == rewards and cards == {0, 1, 2}


def test_players_who_act_at_once_do_not_see_each_other():
    env = seat("open_spiel", "matrix_pd", seat="1", opponent="test_seat:bet")
    # both defect; and one who cooperates with one who defects
    assert [wins(env, mine)[0] for mine in (bet, first)] == [[1], [0]]


def test_rewards_on_the_way_are_those_since_the_action_before():
    env = seat("open_spiel", "cliff_walking", kwargs={"horizon": 5})
    # each step costs 1, and a fall 100
    assert wins(env, last)[0] == [-1] * 5
    assert wins(env, first)[0] == [-100]


@pytest.mark.parametrize("library", TIC_TAC_TOE)
def test_alternates_from_a_seat_that_the_seed_draws(library):
    env = seat(library, TIC_TAC_TOE[library])

    def seats(seed):
        stones = []
        for episode in range(4):
            obs, info = env.reset(seed=None if episode else seed)
            stones.append(9 - int(info["action_mask"].sum()))
        return stones

    drawn = [seats(seed) for seed in range(12)]
    assert {tuple(one) for one in drawn} == {(0, 1, 0, 1), (1, 0, 1, 0)}
    assert drawn[3] == seats(3)


@pytest.mark.parametrize("library, game", [("pettingzoo", "pettingzoo.classic.connect_four_v3"), ("open_spiel", "leduc_poker")])
def test_keeps_gymnasiums_contract_and_its_seed_decides(library, game):
    def play():
        env = seat(library, game)
        rng, seen = np.random.default_rng(0), []
        for episode in range(10):
            obs, info = env.reset(seed=None if episode else 5)
            over = False
            while not over:
                seen.append((obs.tolist(), info["action_mask"].tolist()))
                action = int(rng.choice(np.flatnonzero(info["action_mask"])))
                obs, reward, terminated, truncated, info = env.step(action)
                seen.append((reward, terminated, truncated))
                over = terminated or truncated
        env.close()
        return seen

    assert play() == play()


def test_gymnasiums_own_check():
    check_env(seat("open_spiel", "matrix_pd"), skip_render_check=True)


@pytest.mark.parametrize("library", TIC_TAC_TOE)
def test_says_which_seats_there_are(library):
    with pytest.raises(ValueError, match=r"^seat: expected alternate or one of (0, 1|player_1, player_2), got 2"):
        seat(library, TIC_TAC_TOE[library], seat="2")


def test_refuses_what_is_no_game():
    pytest.importorskip("pyspiel")
    with pytest.raises(ValueError, match="^mfg_crowd_modelling: expected a game in turns"):
        seat("open_spiel", "mfg_crowd_modelling")
    with pytest.raises(ValueError, match="^seat and opponent: expected none"):
        Factory("CartPole-v1", seat="0")
    with pytest.raises(ValueError, match="^vector: expected none, since open_spiel"):
        Factory("kuhn_poker", library="open_spiel", vector="sync")


def test_players_of_one_policy_have_the_same_spaces():
    class Unequal:
        possible_agents = ["a", "b"]

        def observation_space(self, agent):
            from gymnasium.spaces import Discrete

            return Discrete(2 if agent == "a" else 3)

        action_space = observation_space

    from pondera_client.seat import Seat

    with pytest.raises(SpaceError, match=r"^expected one observation_space for all agents.*Discrete\(2\) for a and Discrete\(3\) for b"):
        Seat(Unequal())
