"""A device that somebody has taken over: its web server tries everything against the hub that shows its pages."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

from aiohttp import web

from gateway.tunnel.tunnel import Tunnel
from tests.doubles.small_hub import SmallHub, Wire

ATTEMPTS: Final = """
window.attempts = {
  fetch: async () => (await fetch('/api/secret')).text(),
  post: async () => (await fetch('/api/secret', { method: 'POST' })).text(),
  xhr: () => new Promise((done, failed) => {
    const ask = new XMLHttpRequest();
    ask.onload = () => done(ask.responseText);
    ask.onerror = () => failed(new Error('xhr'));
    ask.open('GET', '/api/secret');
    ask.send();
  }),
  otherDevice: async () => (await fetch('/devices/other/secret')).text(),
  redirect: async () => (await fetch('/devices/evil/redirect')).text(),
  redirectedScript: () => load('script', 'src', '/devices/evil/redirect'),
  dots: async () => (await fetch('/devices/evil/..%2f..%2fapi/secret')).text(),
  encodedDots: async () => (await fetch('/devices/evil/%2e%2e/%2e%2e/api/secret')).text(),
  eventSource: () => new Promise((done, failed) => {
    const source = new EventSource('/api/secret');
    source.onopen = () => done('of the hub: an event stream');
    source.onerror = () => { source.close(); failed(new Error('event source')); };
  }),
  beacon: async () => String(navigator.sendBeacon('/api/secret', 'x')),
  popup: async () => {
    const opened = window.open('/', 'popup');
    if (!opened) return 'no window';
    await until(() => opened.document.querySelector('#secret'));
    return opened.document.body.textContent;
  },
  link: async () => {
    const link = document.createElement('a');
    link.href = '/api/secret';
    link.target = '_blank';
    document.body.append(link);
    link.click();
    return 'clicked';
  },
  frame: () => frame({ src: '/' }),
  emptyFrame: async () => {
    const inner = document.body.appendChild(document.createElement('iframe'));
    return (await inner.contentWindow.fetch('/api/secret')).text();
  },
  objectTag: () => frame({ data: '/' }, 'object'),
  image: () => load('img', 'src', '/api/secret'),
  script: () => load('script', 'src', '/api/secret'),
  style: () => load('link', 'href', '/api/secret', { rel: 'stylesheet' }),
  prefetch: () => load('link', 'href', '/api/secret', { rel: 'prefetch' }),
  serviceWorker: async () => {
    const made = await navigator.serviceWorker.register('/devices/evil/worker.js');
    return `of the hub: a service worker for ${made.scope}`;
  },
  wideServiceWorker: async () => {
    const made = await navigator.serviceWorker.register('/devices/evil/worker.js', { scope: '/' });
    return `of the hub: a service worker for ${made.scope}`;
  },
  worker: () => ask(new Worker('/devices/evil/worker.js')),
  sharedWorker: () => ask(new SharedWorker('/devices/evil/worker.js').port),
  blobWorker: () => {
    const code = "fetch('/api/secret').then(r => r.text()).then(t => postMessage(t), e => postMessage(String(e)))";
    return ask(new Worker(URL.createObjectURL(new Blob([code]))));
  },
  cookie: async () => document.cookie,
  form: async () => {
    const form = document.body.appendChild(document.createElement('form'));
    form.method = 'post';
    form.action = '/api/secret';
    form.submit();
    return 'submitted';
  },
};
function until(found) {
  return new Promise((done, failed) => {
    const stop = setTimeout(() => { clearInterval(timer); failed(new Error('nothing came')); }, 1500);
    const timer = setInterval(() => {
      let seen = null;
      try { seen = found(); } catch (error) { failed(error); }
      if (seen) { clearInterval(timer); clearTimeout(stop); done(seen); }
    }, 20);
  });
}
function load(tag, attribute, address, more = {}) {
  return new Promise((done, failed) => {
    const element = Object.assign(document.createElement(tag), more);
    element.onload = () => done(`of the hub: ${tag} loaded`);
    element.onerror = () => failed(new Error(tag));
    element[attribute] = address;
    document.head.append(element);
  });
}
async function frame(attributes, tag = 'iframe') {
  const element = Object.assign(document.createElement(tag), attributes);
  document.body.append(element);
  return (await until(() => element.contentDocument?.querySelector('#secret'))).textContent;
}
function ask(worker) {
  return new Promise((done, failed) => {
    setTimeout(() => failed(new Error('no answer')), 1500);
    worker.onmessage = (message) => done(message.data);
    worker.onerror = () => failed(new Error('worker'));
    worker.start?.();
  });
}
window.tryAll = async (names) => {
  const results = {};
  for (const name of names ?? Object.keys(window.attempts)) {
    try {
      results[name] = String(await window.attempts[name]());
    } catch (error) { results[name] = `refused: ${error}`; }
  }
  return results;
};
window.trySocket = (path) => new Promise((done) => {
  try {
    const socket = new WebSocket(`${location.origin.replace('http', 'ws')}${path}`);
    socket.onopen = () => done('open');
    socket.onerror = () => done('refused');
  } catch (error) { done('refused'); }
});
"""
_WORKER: Final = """
const tell = (port) => fetch('/api/secret').then((r) => r.text()).then((t) => port.postMessage(t),
  (e) => port.postMessage(String(e)));
onconnect = (event) => tell(event.ports[0]);
if (typeof DedicatedWorkerGlobalScope !== 'undefined') tell(self);
"""
_HEADERS: Final = {
    "Set-Cookie": "hub_session=evil; Path=/",
    "Clear-Site-Data": '"*"',
    "Service-Worker-Allowed": "/",
    "Access-Control-Allow-Origin": "*",
    "Strict-Transport-Security": "max-age=31536000",
    "Alt-Svc": 'h3="evil.example.org:443"',
    "Refresh": "0;url=/",
    "Link": "</api/secret>; rel=preload; as=script",
    "Report-To": '{"group":"x","max_age":1,"endpoints":[{"url":"/api/secret"}]}',
    "Cross-Origin-Opener-Policy": "unsafe-none",
    "X-Frame-Options": "ALLOWALL",
    "Content-Security-Policy": "default-src * 'unsafe-inline' 'unsafe-eval' data: blob:",
}


_PAGE: Final = '<!doctype html><title>evil</title><body><script src="/devices/evil/evil.js"></script>'
_FILES: Final = {
    "/": ("text/html", _PAGE),
    "/evil.js": ("text/javascript", ATTEMPTS),
    "/worker.js": ("text/javascript", _WORKER),
}


class EvilDevice:
    """Remembers every request's headers."""

    def __init__(self) -> None:
        self.seen: list[tuple[str, str, dict[str, str]]] = []

    async def answer(self, request: web.Request) -> web.StreamResponse:
        """Everything, by the path."""
        self.seen.append((request.method, request.raw_path, dict(request.headers)))
        if request.path in _FILES:
            kind, text = _FILES[request.path]
            return web.Response(text=text, content_type=kind, headers=_HEADERS)
        match request.path:
            case "/redirect":
                return web.Response(status=302, headers={"Location": request.query.get("to", "/api/secret")})
            case "/login":
                return web.Response(status=401, headers={"WWW-Authenticate": 'Basic realm="hub"'})
            case "/half":
                return await self._half(request)
            case "/silent":
                await request.content.read()
                await asyncio.Event().wait()
        return web.Response(text="of the device")

    async def _half(self, request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Length": "1000"})
        await response.prepare(request)
        await response.write(b"half")
        assert request.transport is not None
        request.transport.close()
        return response


@asynccontextmanager
async def running_evil(hub: SmallHub, socket: Path, *names: str) -> AsyncIterator[EvilDevice]:
    """An evil device, linked to ``hub`` under each of ``names``."""
    evil = EvilDevice()
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", evil.answer)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1, handler_cancellation=True)
    await runner.setup()
    await web.UnixSite(runner, socket).start()
    wire = Wire()
    tunnel = Tunnel(socket, lambda: True, lambda: None)
    tunnel.connected(wire.to_hub)
    for name in names:
        hub.board.carriers[name] = wire
    try:
        async with wire.running(tunnel.received):
            yield evil
            if wire.streams is not None:
                wire.streams.lost()
            await tunnel.lost()
    finally:
        await runner.cleanup()
