import asyncio
import json
import time
import urllib.error
import urllib.request
from contextlib import asynccontextmanager

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from pondera_client import EnvServer, Host, Options
from pondera_client.connect import connect_options
from pondera_client.wire import Json, MsgPack
from toys import Count
from trainer import Trainer, actions, request


class Slow(Count):
    def step(self, action):
        time.sleep(0.6)
        return super().step(action)


@asynccontextmanager
async def serving(make=Count, **options):
    hosts = []

    def open_host(count):
        hosts.append(Host(make, count))
        return hosts[-1]

    options = Options(**{"count": 2, "capacity": 3, **options})
    async with EnvServer(open_host, {"id": "Count"}, options) as server:
        server.hosts = hosts
        yield server


def run(test):
    """Runs a test's coroutine."""
    return lambda *args, **kwargs: asyncio.run(test(*args, **kwargs))


@pytest.mark.parametrize("codec", [MsgPack, Json])
def test_a_session_from_hello_to_close(codec):
    @run
    async def test():
        async with serving() as server:
            trainer = Trainer(server.url, codec)
            welcome = await trainer.open(5)
            assert (welcome["t"], welcome["v"], welcome["resumed"], welcome["numEnvs"]) == ("welcome", 1, False, 2)
            assert welcome["limits"] == {"maxPayload": 8 * 2**20, "graceMs": 60_000, "heartbeatMs": 20_000}
            assert welcome["env"]["actionSpace"] == {"type": "discrete", "n": 3, "start": 1}
            began = await trainer.ask("reset", [0, 1], 1, seeds=[3, 4])
            assert began["t"] == "began" and began["obs"].tolist() == [[3, 0], [4, 0]]
            stepped = await trainer.ask("step", [1], 2, actions=actions(2))
            assert stepped["obs"].tolist() == [[4, 1]] and stepped["seq"].tolist() == [2]
            await trainer.send({"t": "close"})
            assert await trainer.closed() == 1000
            assert server.hosts[0]._envs == [None, None]
            assert (await Trainer(server.url).open(2))["numEnvs"] == 2

    test()


def test_capacity():
    @run
    async def test():
        async with serving() as server:
            first, second, third = (Trainer(server.url) for _ in range(3))
            assert (await first.open(2))["numEnvs"] == 2
            assert (await second.open(2))["numEnvs"] == 1
            assert (await third.open(1))["code"] == "CAPACITY_REACHED"
            assert await third.closed() == 1013
            await first.send({"t": "close"})
            await first.closed()
            assert (await third.open(1))["numEnvs"] == 1

    test()


def test_resuming_after_an_abrupt_cut_goes_on_exactly_once():
    @run
    async def test():
        async with serving(Slow) as server:
            trainer = Trainer(server.url)
            await trainer.open(2)
            await trainer.ask("reset", [0, 1], 1, seeds=[3, 4])
            await trainer.send(request("step", [0], 2, actions=actions(1)))
            await asyncio.sleep(0.1)
            trainer.ws.transport.abort()
            welcome = await trainer.open(2, resume=trainer.resume())
            assert welcome["resumed"] and welcome["numEnvs"] == 2
            await trainer.send(request("step", [0], 2, actions=actions(1)))
            await trainer.send(request("step", [1], 2, actions=actions(2)))
            first, second = await trainer.receive(), await trainer.receive()
            assert first["obs"].tolist() == [[3, 1]] and second["obs"].tolist() == [[4, 1]]
            # the one that was under way at the cut came once
            assert (await trainer.ask("step", [0], 3, actions=actions(1)))["obs"].tolist() == [[3, 2]]

    test()


def test_a_session_ends_for_others_and_for_want_of_its_own():
    @run
    async def test():
        async with serving(grace=0.2) as server:
            trainer, thief = Trainer(server.url), Trainer(server.url)
            await trainer.open()
            wrong = {**trainer.resume(), "token": "x"}
            assert (await thief.open(resume=wrong))["code"] == "SESSION_EXPIRED"
            assert await thief.closed() == 4002
            trainer.ws.transport.abort()
            await asyncio.sleep(0.6)
            assert (await trainer.open(resume=trainer.resume()))["code"] == "SESSION_EXPIRED"
            assert server.hosts[0]._envs == [None]

    test()


def test_a_session_resumed_elsewhere_closes_the_old_connection():
    @run
    async def test():
        async with serving() as server:
            old, new = Trainer(server.url), Trainer(server.url)
            await old.open()
            await old.ask("reset", [0], 1)
            assert (await new.open(resume=old.resume()))["resumed"]
            assert (await old.receive())["code"] == "SESSION_REPLACED" and await old.closed() == 4001
            assert (await new.ask("step", [0], 2, actions=actions(1)))["t"] == "stepped"

    test()


def test_idle_sessions_end():
    @run
    async def test():
        async with serving(idle=0.2) as server:
            trainer = Trainer(server.url)
            await trainer.open()
            assert (await trainer.receive())["code"] == "IDLE" and await trainer.closed() == 4003
            assert (await trainer.open(resume=trainer.resume()))["code"] == "SESSION_EXPIRED"

    test()


def test_heartbeats_go_on_while_an_environment_is_slow():
    @run
    async def test():
        async with serving(Slow, heartbeat=0.1) as server:
            trainer = Trainer(server.url)
            assert (await trainer.open())["limits"]["heartbeatMs"] == 100
            await trainer.ask("reset", [0], 1)
            assert (await trainer.ask("step", [0], 2, actions=actions(1)))["t"] == "stepped"

    test()


HELLO = {"t": "hello", "v": 1, "role": "trainer", "client": "test"}


@pytest.mark.parametrize(
    "first, code, close",
    [
        ({**HELLO, "v": 2}, "VERSION", 4000),
        ({**HELLO, "role": "env"}, "BAD_MESSAGE", 1008),
        ({**HELLO, "numEnvs": 0}, "BAD_MESSAGE", 1008),
        ({**HELLO, "resume": "x"}, "BAD_MESSAGE", 1008),
        ({**HELLO, "client": 3}, "BAD_MESSAGE", 1008),
        ({"t": "reset"}, "BAD_MESSAGE", 1008),
        (b"\xc1", "BAD_FRAME", 1007),
        ("{}", "BAD_FRAME", 1007),
        (None, "HELLO_TIMEOUT", 1008),
    ],
)
def test_what_is_no_hello(first, code, close):
    @run
    async def test():
        async with serving(hello=0.2) as server:
            async with connect(server.url, **connect_options(server.url, None)) as ws:
                if first is not None:
                    await ws.send(MsgPack.encode(first) if isinstance(first, dict) else first)
                error = MsgPack.decode(await ws.recv())
                assert (error["t"], error["code"]) == ("error", code)
                await ws.wait_closed()
                assert ws.protocol.close_code == close and ws.protocol.close_reason == code

    test()


@pytest.mark.parametrize(
    "message, code, close",
    [
        ({"t": "fly"}, "BAD_MESSAGE", 1008),
        (request("reset", [0], 2), "SEQUENCE", 1008),
        (request("reset", [9], 1), "BAD_MESSAGE", 1008),
        ({**HELLO}, "BAD_MESSAGE", 1008),
        (b"\x81", "BAD_FRAME", 1007),
        ("{}", "BAD_FRAME", 1007),
    ],
)
def test_what_is_no_request_ends_the_connection_not_the_session(message, code, close):
    @run
    async def test():
        async with serving() as server:
            trainer = Trainer(server.url)
            await trainer.open()
            await trainer.ws.send(MsgPack.encode(message) if isinstance(message, dict) else message)
            assert (await trainer.receive())["code"] == code and await trainer.closed() == close
            assert (await trainer.open(resume=trainer.resume()))["resumed"]
            assert (await trainer.ask("reset", [0], 1))["t"] == "began"

    test()


def test_frames_that_are_too_large():
    @run
    async def test():
        async with serving(max_payload=200_000) as server:
            trainer = Trainer(server.url)
            await trainer.open()
            await trainer.ask("reset", [0], 1, pad=b"0" * 150_000)
            await trainer.send({"t": "reset", "pad": b"0" * 250_000})
            assert await trainer.closed() == 1009
            async with connect(server.url, **connect_options(server.url, None)) as ws:
                await ws.send(b"0" * 100_000)
                await ws.wait_closed()
                assert ws.protocol.close_code == 1009

    test()


def test_environments_that_cannot_be_made():
    def broken():
        raise RuntimeError("no")

    @run
    async def test():
        async with serving(broken) as server:
            for _ in range(4):
                trainer = Trainer(server.url)
                error = await trainer.open()
                assert error["code"] == "ENV_FAILED" and "no" in error["message"] and await trainer.closed() == 1011

    test()


def test_a_server_that_goes_says_so():
    @run
    async def test():
        async with serving() as server:
            trainer = Trainer(server.url)
            await trainer.open()
        assert (await trainer.receive())["code"] == "SHUTTING_DOWN" and await trainer.closed() == 1001
        assert server.hosts[0]._envs == [None]

    test()


TOKEN = {"Authorization": "Bearer yes"}


@pytest.mark.parametrize(
    "path, headers, subprotocols, status, code",
    [
        ("/v1/env", {}, [MsgPack.subprotocol], 401, "UNAUTHENTICATED"),
        ("/v1/env", {"Authorization": "Bearer no"}, [MsgPack.subprotocol], 401, "UNAUTHENTICATED"),
        ("/v1/env", {**TOKEN, "Origin": "http://a"}, [MsgPack.subprotocol], 403, "FORBIDDEN_ORIGIN"),
        ("/v1/env", {**TOKEN, "Host": "evil.test"}, [MsgPack.subprotocol], 403, "FORBIDDEN_HOST"),
        ("/v1/no", TOKEN, [MsgPack.subprotocol], 404, "NOT_FOUND"),
        ("/v1/env", TOKEN, ["other"], 400, "BAD_SUBPROTOCOL"),
        ("/v1/env", TOKEN, None, 400, "BAD_SUBPROTOCOL"),
        ("/v1/env", TOKEN, [MsgPack.subprotocol], 101, None),
        ("/v1/env", {"Authorization": "Api-Key yes"}, [Json.subprotocol], 101, None),
        ("/v1/env", {"Origin": "http://ok"}, [Json.subprotocol, "pondera.token.yes"], 101, None),
    ],
)
def test_who_may_connect(path, headers, subprotocols, status, code):
    @run
    async def test():
        async with serving(token="yes", origins=frozenset({"http://ok"})) as server:
            url = server.url.replace("/v1/env", path)
            opening = {"subprotocols": subprotocols, "compression": None}
            try:
                # a second Host would be another error, so it takes the place of the first
                host = headers.get("Host")
                given = {name: value for name, value in headers.items() if name != "Host"}
                if host:
                    port = url.split(":")[2].split("/")[0]
                    url, opening = url.replace("127.0.0.1", host), {**opening, "host": "127.0.0.1", "port": int(port)}
                async with connect(url, additional_headers=given, **opening) as ws:
                    assert status == 101 and ws.subprotocol == subprotocols[0]
            except InvalidStatus as refused:
                assert refused.response.status_code == status
                assert json.loads(refused.response.body)["code"] == code

    test()


def test_more_connections_than_there_may_be():
    @run
    async def test():
        async with serving(max_connections=1) as server:
            trainer = Trainer(server.url)
            await trainer.open()
            with pytest.raises(InvalidStatus) as refused:
                await Trainer(server.url).open()
            assert json.loads(refused.value.response.body)["code"] == "TOO_MANY_CONNECTIONS"

    test()


def test_health_needs_no_token_and_metadata_does():
    def get(url):
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(url) as response:
            return json.load(response)

    @run
    async def test():
        async with serving(token="yes") as server:
            base = server.url.replace("ws:", "http:").replace("/v1/env", "")
            assert (await asyncio.to_thread(get, f"{base}/health"))["status"] == "healthy"
            with pytest.raises(urllib.error.HTTPError, match="401"):
                await asyncio.to_thread(get, f"{base}/metadata")

    test()


def test_other_addresses_need_a_token():
    with pytest.raises(ValueError, match="token"):
        EnvServer(lambda count: Host(Count, count), {}, Options(host="0.0.0.0"))


@pytest.mark.parametrize("name", ["grace", "heartbeat", "idle", "hello"])
@pytest.mark.parametrize("seconds", [-1, float("nan"), float("-inf")])
def test_what_is_no_duration_is_refused_by_name(name, seconds):
    with pytest.raises(ValueError, match=f"{name}: expected .*seconds"):
        Options(**{name: seconds})


def test_no_grace_keeps_no_processor_busy(monkeypatch):
    sleep, rests = asyncio.sleep, []

    def resting(seconds):
        rests.append(seconds)
        return sleep(seconds)

    monkeypatch.setattr(asyncio, "sleep", resting)

    @run
    async def test():
        async with serving(grace=0, idle=float("inf"), heartbeat=1e9) as server:
            trainer = Trainer(server.url, Json)
            assert (await trainer.open(1))["limits"]["heartbeatMs"] == 1e12
            await trainer.send({"t": "close"})
            assert await trainer.closed() == 1000
        # websockets 14 itself yields once as it closes.
        assert rests.count(0) <= 1

    test()
