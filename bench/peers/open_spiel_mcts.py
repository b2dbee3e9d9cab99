"""Monte Carlo tree search on Connect Four by OpenSpiel's C++."""

import argparse
from importlib.metadata import version

import pyspiel
from contender import repeated, serve

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--data", required=True, help="the game's name, for messages")
parser.add_argument("--simulations", type=int, required=True)
args = parser.parse_args()

game = pyspiel.load_game("connect_four")
evaluator = pyspiel.RandomRolloutEvaluator(1, 1)
bot = pyspiel.MCTSBot(game, evaluator, 2.0, args.simulations, 1000, False, 1, False)
almost = game.new_initial_state()
for column in [3, 3, 2, 2, 4, 4]:
    almost.apply_action(column)
check = {"wins": int(bot.mcts_search(almost).best_child().action in (1, 5))}
start = game.new_initial_state()
serve(f"OpenSpiel {version('open_spiel')}", check, repeated(lambda: bot.mcts_search(start)))
