import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
from contextlib import contextmanager

import pytest

from trainer import Trainer, actions


@contextmanager
def serving(*arguments, stop=signal.SIGTERM, **env):
    command = [sys.executable, "-m", "pondera_client", "serve", *arguments, "--port", "0"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env={**os.environ, **env})
    try:
        yield json.loads(process.stdout.readline())["listening"]
    finally:
        process.send_signal(stop)
        assert process.wait(60) == 0
        assert process.stdout.read() == ""
        process.stdout.close()


def played(url, token=None):
    """A few steps of two environments; their description."""

    async def play():
        trainer = Trainer(url, token=token)
        welcome = await trainer.open(2)
        assert welcome["numEnvs"] == 2
        assert (await trainer.ask("reset", [0, 1], 1, seeds=[1, 2]))["t"] == "began"
        for seq in range(2, 8):
            stepped = await trainer.ask("step", [0, 1], seq, actions=actions(1, 1))
            assert stepped["t"] == "stepped"
        return welcome["env"]

    return asyncio.run(play())


@pytest.mark.parametrize(
    "vector, stop",
    [([], signal.SIGTERM), ([], signal.SIGINT), (["--vector", "--vector-mode", "async"], signal.SIGTERM)],
)
def test_serves_until_it_is_told_to_stop(vector, stop):
    with serving("CartPole-v1", "--count", "2", "--kwargs", '{"max_episode_steps": 4}', *vector, stop=stop) as url:
        env = played(url)
        assert env["id"] == "CartPole-v1" and env["actionSpace"] == {"type": "discrete", "n": 2, "start": 0}


def test_a_token_from_the_environment():
    with serving("CartPole-v1", "--count", "2", "--token-env", "SECRET", SECRET="abc") as url:
        played(url, "abc")


@pytest.mark.parametrize("wrapper, shape", [("ImgObsWrapper", [7, 7, 3]), ("FlatObsWrapper", [2835])])
def test_minigrid_with_a_wrapper(wrapper, shape):
    pytest.importorskip("minigrid")
    wrapped = ["--wrapper", f"minigrid.wrappers:{wrapper}", "--import", "minigrid"]
    with serving("MiniGrid-Empty-5x5-v0", "--count", "2", *wrapped) as url:
        assert played(url)["observationSpace"]["shape"] == shape


@pytest.mark.parametrize(
    "needs, name, arguments, shape",
    [
        ("pettingzoo.classic.rps_v2", "pettingzoo.classic.rps_v2", ["--library", "pettingzoo"], None),
        ("pyspiel", "kuhn_poker", ["--library", "open_spiel", "--opponent", "test_seat:bet", "--count", "2"], [11]),
    ],
)
def test_games_of_other_libraries(needs, name, arguments, shape):
    pytest.importorskip(needs)
    paths = [os.path.dirname(__file__), *filter(None, [os.environ.get("PYTHONPATH")])]
    with serving(name, *arguments, PYTHONPATH=os.pathsep.join(paths)) as url:
        env = played(url)
        assert env["id"] == name and env["observationSpace"].get("shape") == shape


@pytest.mark.parametrize(
    "arguments, says",
    [
        (["MiniGrid-Empty-5x5-v0", "--import", "minigrid"], "ImgObsWrapper"),
        (["No-v0"], "No"),
        (["CartPole-v1", "--host", "0.0.0.0"], "token"),
        (["CartPole-v1", "--kwargs", "{"], "JSON"),
        (["CartPole-v1", "--token-env", "NO_SUCH"], "NO_SUCH"),
        (["CartPole-v1", "--seat", "0"], "expected none"),
        (["no_such_module", "--library", "pettingzoo"], "no_such_module"),
    ],
)
def test_says_what_is_wrong(arguments, says):
    if "minigrid" in arguments:
        pytest.importorskip("minigrid")
    command = [sys.executable, "-m", "pondera_client", "serve", *arguments, "--port", "0"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=30)
    assert done.returncode == 1 and done.stdout == "" and says in done.stderr and "Traceback" not in done.stderr


def test_dials_until_it_is_told_to_stop():
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        url = f"ws://127.0.0.1:{nobody.getsockname()[1]}"
        command = [sys.executable, "-m", "pondera_client", "dial", url, "CartPole-v1", "--count", "2"]
        process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
        assert "dialling" in "".join(process.stderr.readline() for _ in range(2))
        process.terminate()
        process.communicate(timeout=10)
        assert process.returncode == 0
