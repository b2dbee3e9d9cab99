"""CFR+ on Leduc poker by OpenSpiel's C++, from the rules of the game on."""

import argparse
from importlib.metadata import version

import pyspiel
from contender import repeated, serve

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--data", required=True, help="the game's name, for messages")
parser.add_argument("--iterations", type=int, required=True)
parser.add_argument("--checked", type=int, required=True, help="iterations after which exploitability is compared")
args = parser.parse_args()

game = pyspiel.load_game("leduc_poker")


def solve(iterations=args.iterations):
    solver = pyspiel.CFRPlusSolver(game)
    for _ in range(iterations):
        solver.evaluate_and_update_policy()
    return solver


# Its average policy reads the solver, which has to live as long.
solver = solve(args.checked)
check = {"exploitability": pyspiel.exploitability(game, solver.average_policy())}
serve(f"OpenSpiel {version('open_spiel')}", check, repeated(solve))
