"""`python -m pondera_client serve|dial …`: environments, by their name, for a trainer."""

from __future__ import annotations

import argparse
import asyncio
import json
import logging
import os
import signal
import sys
from contextlib import suppress
from typing import Any, Coroutine

from .dial import dial
from .factory import LIBRARIES, Factory
from .options import Options
from .serve import EnvServer


def main(arguments: list[str] | None = None) -> int:
    """The command line; returns the exit code: 0 at the end or when told to stop, 1 where it fails."""
    args = _parser().parse_args(arguments)
    level = logging.DEBUG if args.verbose else logging.INFO
    logging.basicConfig(stream=sys.stderr, format="%(levelname)s %(message)s")
    logging.getLogger("pondera_client").setLevel(level)
    try:
        vector = args.vector_mode if args.vector else None
        whose = {"library": args.library, "seat": args.seat, "opponent": args.opponent}
        factory = Factory(args.id, json.loads(args.kwargs), args.wrapper, args.imports, vector, args.unbounded, **whose)
        token = os.environ[args.token_env] if args.token_env else None
        run = _serve(args, factory, token) if args.command == "serve" else _dial(args, factory, token)
        asyncio.run(_until_told(run))
    except Exception as error:
        if args.verbose:
            raise
        print(f"{type(error).__name__}: {error}", file=sys.stderr)
        return 1
    return 0


async def _serve(args: argparse.Namespace, factory: Factory, token: str | None) -> None:
    # one made in vain tells now, and not the first trainer, that it cannot be made
    probe = factory(args.count)
    description, count = probe.description, probe.count
    probe.close()
    capacity = args.capacity or 4 * count
    options = Options(args.host, args.port, min(count, capacity), capacity, token, frozenset(args.origin))
    options.max_payload = args.max_payload
    async with EnvServer(factory, description, options) as server:
        print(json.dumps({"listening": server.url}), flush=True)
        await asyncio.Event().wait()


async def _dial(args: argparse.Namespace, factory: Factory, token: str | None) -> None:
    await dial(args.url, lambda: factory(args.count), token)


async def _until_told(work: Coroutine[Any, Any, None]) -> None:
    """Does something to its end, or until a signal says that it is enough."""
    task, loop = asyncio.create_task(work), asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        # Windows has no handlers of a loop's; there Ctrl-C interrupts by itself
        with suppress(NotImplementedError):
            loop.add_signal_handler(number, task.cancel)
    if hasattr(os, "register_at_fork"):
        os.register_at_fork(after_in_child=_end_as_told)
    with suppress(asyncio.CancelledError):
        await task


def _end_as_told() -> None:
    """A forked process of a VectorEnv ends where it is told to, instead of telling the loop that it came from."""
    signal.set_wakeup_fd(-1)
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_DFL)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("pondera_client", description="Environments for Pondera's trainers.")
    commands = parser.add_subparsers(dest="command", required=True)
    serve = commands.add_parser("serve", help="listen for trainers")
    _add_environment(serve, "the most environments a trainer gets in one session")
    serve.add_argument("--host", default="127.0.0.1", help="address to bind; other than loopback needs a token")
    serve.add_argument("--port", type=int, default=8765, help="0 takes a free one")
    serve.add_argument("--capacity", type=int, help="the most environments of all sessions (4 × count)")
    payload_help = "bytes of a frame that trainers may send; states that they restore count (8388608)"
    serve.add_argument("--max-payload", type=int, default=Options.max_payload, metavar="BYTES", help=payload_help)
    serve.add_argument("--origin", action="append", default=[], help="a browser page's origin that may connect")
    dialling = commands.add_parser("dial", help="offer environments to a trainer")
    dialling.add_argument("url", help="the trainer's, such as ws://127.0.0.1:9000")
    _add_environment(dialling, "how many environments to offer")
    return parser


def _add_environment(parser: argparse.ArgumentParser, count_help: str) -> None:
    id_help = "an environment, such as CartPole-v1; a module of PettingZoo, such as pettingzoo.classic.rps_v2; a game of OpenSpiel"
    parser.add_argument("id", help=id_help)
    parser.add_argument("--library", choices=LIBRARIES, default="gymnasium", help="whose it is (gymnasium)")
    seat_help = "the player of a game whose view it is, by name or number (alternate); agents of a parallel environment unless given"
    parser.add_argument("--seat", metavar="PLAYER|alternate", help=seat_help)
    opponent_help = "(observation, action mask, random numbers) -> action of the other players (random)"
    parser.add_argument("--opponent", metavar="MODULE:CALLABLE", help=opponent_help)
    parser.add_argument("--count", type=int, help=f"{count_help} (1; all agents of a parallel environment)")
    parser.add_argument("--kwargs", default="{}", metavar="JSON", help="arguments to make it with")
    wrapper_help = "applied in the order given, such as minigrid.wrappers:ImgObsWrapper"
    parser.add_argument("--wrapper", action="append", default=[], metavar="MODULE:CALLABLE", help=wrapper_help)
    import_help = "a module that registers environments, such as minigrid"
    parser.add_argument("--import", action="append", default=[], dest="imports", metavar="MODULE", help=import_help)
    unbounded_help = "state no bounds of what is observed as floats, for environments that leave theirs"
    parser.add_argument("--unbounded", action="store_true", help=unbounded_help)
    parser.add_argument("--vector", action="store_true", help="step them as one VectorEnv")
    modes = ["sync", "async", "vector_entry_point"]
    parser.add_argument("--vector-mode", choices=modes, default="sync", help="which VectorEnv")
    parser.add_argument("--token-env", metavar="VAR", help="the environment variable that holds the token")
    parser.add_argument("--verbose", action="store_true", help="full traces of errors")


if __name__ == "__main__":
    sys.exit(main())
