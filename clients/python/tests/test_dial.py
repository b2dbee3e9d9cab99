import asyncio
from contextlib import asynccontextmanager

import pytest
from websockets.asyncio.server import serve

from pondera_client import Host, VectorHost, WireError, dial
from pondera_client import connect as connecting
from pondera_client.wire import MsgPack
from test_vector import MODES
from toys import Count
from trainer import actions, request


@asynccontextmanager
async def training(*scripts, **options):
    """A trainer that plays one script to each connection in turn; a script gets the connection and its `hello`."""
    left, hellos, errors = list(scripts), [], []

    async def attend(ws):
        hellos.append(MsgPack.decode(await ws.recv()))
        try:
            await left.pop(0)(ws, hellos[-1])
        except Exception as error:
            errors.append(error)
            await ws.close(1008)

    async with serve(attend, "127.0.0.1", 0, subprotocols=[MsgPack.subprotocol], compression=None, **options) as server:
        yield f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}", hellos
    assert not errors and not left


async def welcome(ws, resumed=False, session="s"):
    limits = {"maxPayload": 2**23, "graceMs": 1000, "heartbeatMs": 1000}
    message = {"t": "welcome", "v": 1, "session": session, "token": "t", "resumed": resumed, "limits": limits}
    await ws.send(MsgPack.encode(message))


async def ask(ws, *arguments, **fields):
    await ws.send(MsgPack.encode(request(*arguments, **fields)))
    return MsgPack.decode(await ws.recv())


async def error(ws, code, close):
    await ws.send(MsgPack.encode({"t": "error", "code": code, "message": "no"}))
    await ws.close(close)


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch):
    monkeypatch.setattr(connecting.random, "uniform", lambda low, high: min(high, 0.05))


@pytest.mark.parametrize("make", [lambda: Host(Count, 2), lambda: VectorHost(MODES["sync DISABLED"](Count), 2)])
def test_dials_again_resumes_and_begins_anew(make):
    async def first(ws, hello):
        assert (hello["v"], hello["role"], hello["numEnvs"]) == (1, "env", 2) and "resume" not in hello
        assert hello["env"]["observationSpace"]["type"] == "box" and hello["env"]["render"] is False
        await welcome(ws)
        assert (await ask(ws, "reset", [0, 1], 1, seeds=[3, 4]))["obs"].tolist() == [[3, 0], [4, 0]]
        await ws.send(MsgPack.encode(request("step", [0, 1], 2, actions=actions(1, 1))))
        await asyncio.sleep(0.2)
        ws.transport.abort()

    async def resumed(ws, hello):
        assert hello["resume"] == {"session": "s", "token": "t"}
        await welcome(ws, resumed=True)
        stepped = await ask(ws, "step", [0, 1], 2, actions=actions(1, 1))
        assert stepped["obs"].tolist() == [[3, 1], [4, 1]]
        await error(ws, "SHUTTING_DOWN", 1001)

    async def expired(ws, hello):
        assert "resume" in hello
        await error(ws, "SESSION_EXPIRED", 4002)

    async def anew(ws, hello):
        assert "resume" not in hello
        await welcome(ws, session="other")
        assert (await ask(ws, "reset", [0, 1], 1, seeds=[7, 8]))["obs"].tolist() == [[7, 0], [8, 0]]
        await ws.send(MsgPack.encode({"t": "close"}))
        await ws.wait_closed()
        assert ws.protocol.close_code == 1000

    async def test():
        async with training(first, resumed, expired, anew) as (url, _):
            await asyncio.wait_for(dial(url, make), 10)

    asyncio.run(test())


@pytest.mark.parametrize("code, close", [("SPACE_MISMATCH", 1008), ("VERSION", 4000), ("SESSION_REPLACED", 4001)])
def test_what_dialling_again_would_not_mend(code, close):
    async def test():
        async with training(lambda ws, _: error(ws, code, close)) as (url, _):
            with pytest.raises(WireError) as caught:
                await asyncio.wait_for(dial(url, lambda: Host(Count, 1)), 10)
            assert caught.value.code == code

    asyncio.run(test())


def test_a_trainer_that_breaks_the_protocol_is_told():
    async def script(ws, hello):
        await welcome(ws)
        assert (await ask(ws, "reset", [0], 5))["code"] == "SEQUENCE"

    async def test():
        async with training(script) as (url, _):
            with pytest.raises(WireError, match="SEQUENCE"):
                await asyncio.wait_for(dial(url, lambda: Host(Count, 1)), 10)

    asyncio.run(test())


def test_a_wrong_token_is_not_tried_again():
    def gate(connection, request):
        ok = request.headers.get("Authorization") == "Bearer yes"
        return None if ok else connection.respond(401, "no")

    async def script(ws, hello):
        await welcome(ws)
        await ws.send(MsgPack.encode({"t": "close"}))

    async def test():
        async with training(script, process_request=gate) as (url, _):
            with pytest.raises(WireError, match="UNAUTHENTICATED"):
                await asyncio.wait_for(dial(url, lambda: Host(Count, 1), "no"), 10)
            await asyncio.wait_for(dial(f"{url}/v1/trainer", lambda: Host(Count, 1), "yes"), 10)

    asyncio.run(test())
