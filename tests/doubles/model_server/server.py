"""The server: routes of all the APIs, each request written down, answered as the script says."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from types import TracebackType

from aiohttp import web
from pydantic import ValidationError

from tests.doubles.model_server.anthropic_messages import AnthropicMessages
from tests.doubles.model_server.encoder import Api, Encoder
from tests.doubles.model_server.gemini import Gemini
from tests.doubles.model_server.openai_chat import OpenaiChat
from tests.doubles.model_server.openai_responses import OpenaiResponses
from tests.doubles.model_server.playing import Player
from tests.doubles.model_server.records import Journal, Outcome, Record
from tests.doubles.model_server.request import ModelRequest
from tests.doubles.model_server.script import Answer, Refuse, Say, Script, words
from tests.doubles.model_server.tools import NoSuchTool, fill

MAX_BODY = 64 * 1024 * 1024
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
_SECRETS = ("authorization", "x-api-key", "x-goog-api-key", "cookie")
_GEMINI = r"/{version:v1|v1beta|v1alpha}/models/{model:[^:]+}:{method:generateContent|streamGenerateContent}"
ROUTES: tuple[tuple[str, type[Api]], ...] = (
    ("/v1/messages", AnthropicMessages),
    ("/v1/responses", OpenaiResponses),
    ("/v1/chat/completions", OpenaiChat),
    (_GEMINI, Gemini),
)


class ModelServer:
    """The APIs below one address, ``url``. Use as an async context manager."""

    def __init__(
        self,
        script: Script,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        ended: Callable[[Record], None] = lambda record: None,
    ) -> None:
        self.script = script
        self.journal = Journal(ended)
        self._host = host
        self._port = port
        app = web.Application(client_max_size=MAX_BODY)
        for path, api in ROUTES:
            app.router.add_post(path, self._handler(api()))
        app.router.add_post("/v1/messages/count_tokens", self._count_tokens)
        app.router.add_post(r"/{version}/models/{model:[^:]+}:countTokens", self._count_tokens)
        app.router.add_get("/", self._hello)
        app.router.add_get("/api/hello", self._hello)
        app.router.add_get("/v1/models", self._models)
        app.router.add_route("*", "/{path:.*}", self._stray)
        # A client that hangs up cancels its handler: that is how the end of a turn is seen here.
        self._runner = web.AppRunner(app, access_log=None, handler_cancellation=True, shutdown_timeout=0.1)

    @property
    def url(self) -> str:
        """Where it listens, without a path."""
        return f"http://{self._host}:{self._port}"

    async def __aenter__(self) -> ModelServer:
        await self._runner.setup()
        site = web.TCPSite(self._runner, self._host, self._port)
        await site.start()
        self._port = self._runner.addresses[0][1]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._runner.cleanup()

    def _handler(self, api: Api) -> Handler:
        async def handle(http: web.Request) -> web.StreamResponse:
            record = await self._record(http)
            try:
                return await self._answer(api, http, record)
            finally:
                if record.outcome is Outcome.OPEN:
                    self.journal.close(record, Outcome.GONE)

        return handle

    async def _answer(self, api: Api, http: web.Request, record: Record) -> web.StreamResponse:
        try:
            request = api.read(http.match_info, http.query, record.body.encode())
        except ValidationError as error:
            return self._refuse(api, record, Refuse(400, str(error)))
        record.request = request
        self.journal.changed()
        answer = self._choose(request)
        first = answer.steps[0] if answer.steps else None
        if isinstance(first, Refuse):
            return self._refuse(api, record, first)
        try:
            if request.streaming:
                return await self._stream(http, request, api.encoder(request), record, answer)
            return await self._whole(http, request, api.encoder(request), record, answer)
        except NoSuchTool as error:
            record.problem = str(error)
            return self._refuse(api, record, Refuse(400, str(error)))

    def _choose(self, request: ModelRequest) -> Answer:
        if not request.aside:
            return self.script.answer(request)
        text = self.script.aside(request)
        return Answer((Say(words(json.dumps(fill(request.schema, text)) if request.schema else text)),))

    def _refuse(self, api: Api, record: Record, refuse: Refuse) -> web.Response:
        self.journal.close(record, Outcome.REFUSED)
        headers = {"Retry-After": str(refuse.retry_after)} if refuse.retry_after is not None else {}
        return web.json_response(api.refusal(refuse), status=refuse.status, headers=headers)

    async def _stream(
        self, http: web.Request, request: ModelRequest, encoder: Encoder, record: Record, answer: Answer
    ) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": encoder.content_type, "Cache-Control": "no-cache"})
        await response.prepare(http)
        player = Player(request, encoder, record, self.journal, response.write)
        try:
            outcome = await player.play(answer)
        except ConnectionError:
            return response
        except NoSuchTool as error:
            record.problem = str(error)
            await response.write(encoder.broken(str(error)))
            outcome = Outcome.BROKEN
        self._close(http, record, outcome)
        return response

    async def _whole(
        self, http: web.Request, request: ModelRequest, encoder: Encoder, record: Record, answer: Answer
    ) -> web.Response:
        player = Player(request, encoder, record, self.journal, _nowhere)
        outcome = await player.play(answer)
        self._close(http, record, outcome)
        if outcome is Outcome.BROKEN:
            return web.Response(status=500)
        return web.json_response(encoder.whole(player.usage(answer)))

    def _close(self, http: web.Request, record: Record, outcome: Outcome) -> None:
        if outcome is Outcome.CUT and http.transport is not None:
            http.transport.abort()
        self.journal.close(record, outcome)

    async def _record(self, http: web.Request) -> Record:
        headers = {name.lower(): _safe(name.lower(), value) for name, value in http.headers.items()}
        body = (await http.read()).decode(errors="replace")
        record = Record(http.method, http.path, headers, body)
        self.journal.add(record)
        return record

    async def _count_tokens(self, http: web.Request) -> web.Response:
        record = await self._record(http)
        self.journal.close(record, Outcome.DONE)
        tokens = 1 + len(record.body) // 4
        return web.json_response({"input_tokens": tokens, "totalTokens": tokens})

    async def _hello(self, http: web.Request) -> web.Response:
        self.journal.close(await self._record(http), Outcome.DONE)
        return web.json_response({"message": "hello"})

    async def _models(self, http: web.Request) -> web.Response:
        self.journal.close(await self._record(http), Outcome.DONE)
        model = {"id": "hutch-test", "object": "model", "created": 0, "owned_by": "hutch"}
        return web.json_response({"object": "list", "data": [model]})

    async def _stray(self, http: web.Request) -> web.Response:
        self.journal.close(await self._record(http), Outcome.STRAY)
        return web.json_response({"error": {"message": "There is nothing at this path."}}, status=404)


async def _nowhere(data: bytes) -> None:
    """Where there is no stream, the encoder keeps what was said."""


def _safe(name: str, value: str) -> str:
    return f"…{value[-4:]}" if name in _SECRETS else value
