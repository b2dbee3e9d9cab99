"""A game of OpenSpiel by the methods of PettingZoo's AEC."""

from __future__ import annotations

from typing import Any

import numpy as np


class OpenSpielGame:
    """Chance acts by the seed; players who act at once act one after another, without seeing each other.

    What a player sees is the observation under perfect information, and else the information state, which is all that it knows.
    Planes [n, rows, columns] come as [rows, columns, n].

    Args:
        name: such as `leduc_poker`.
        parameters: of the game.

    Raises:
        ValueError: for a game without players' turns or numbers to see.
    """

    def __init__(self, name: str, parameters: dict[str, Any]):
        import pyspiel
        from gymnasium.spaces import Box, Discrete

        game = pyspiel.load_game(name, parameters)
        if game.get_type().dynamics == pyspiel.GameType.Dynamics.SIMULTANEOUS:
            game = pyspiel.convert_to_turn_based(game)
        kind = game.get_type()
        knows_all = kind.information == pyspiel.GameType.Information.PERFECT_INFORMATION
        self._shows_state = kind.provides_information_state_tensor and not (knows_all and kind.provides_observation_tensor)
        if kind.dynamics != pyspiel.GameType.Dynamics.SEQUENTIAL or not (
            self._shows_state or kind.provides_observation_tensor
        ):
            raise ValueError(f"{name}: expected a game in turns with a tensor of what a player sees, got {kind.dynamics}")
        self._game = game
        shape = game.information_state_tensor_shape() if self._shows_state else game.observation_tensor_shape()
        self._shape = tuple(shape)
        self.possible_agents = list(range(game.num_players()))
        seen = self._shape[1:] + self._shape[:1] if len(shape) == 3 else self._shape
        self._spaces = Box(-np.inf, np.inf, seen, np.float32), Discrete(game.num_distinct_actions())

    def observation_space(self, agent: int) -> Any:
        return self._spaces[0]

    def action_space(self, agent: int) -> Any:
        return self._spaces[1]

    def reset(self, seed: int | None = None, options: dict | None = None) -> None:
        self._rng = np.random.default_rng(seed)
        self._state = self._game.new_initial_state()
        # of each player: the return when it acted last
        self._paid = [0.0 for _ in self.possible_agents]
        self._told = 0
        self._let_chance_act()

    @property
    def agent_selection(self) -> int:
        """Who acts; at the end each player in turn, to be told of it."""
        return self._told if self._state.is_terminal() else self._state.current_player()

    def last(self) -> tuple[np.ndarray, float, bool, bool, dict]:
        player, over = self.agent_selection, self._state.is_terminal()
        see = self._state.information_state_tensor if self._shows_state else self._state.observation_tensor
        obs = np.array(see(player), np.float32).reshape(self._shape)
        if obs.ndim == 3:
            obs = np.moveaxis(obs, 0, -1)
        mask = {} if over else {"action_mask": np.array(self._state.legal_actions_mask(player), np.int8)}
        return obs, self._state.returns()[player] - self._paid[player], over, False, mask

    def step(self, action: int | None) -> None:
        if action is None:
            self._told += 1
            return
        player = self._state.current_player()
        self._paid[player] = self._state.returns()[player]
        self._state.apply_action(int(action))
        self._let_chance_act()

    def close(self) -> None:
        """Holds nothing."""

    def _let_chance_act(self) -> None:
        while self._state.is_chance_node():
            actions, chances = zip(*self._state.chance_outcomes())
            self._state.apply_action(int(self._rng.choice(actions, p=chances)))
