"""A terminado server, run with the interpreter of the environment it is installed in; takes a port."""

from __future__ import annotations

import sys

import terminado
import tornado.ioloop
import tornado.web


def main() -> None:
    """Serve a shell per WebSocket on loopback."""
    manager = terminado.UniqueTermManager(shell_command=["/bin/sh"])
    app = tornado.web.Application([(r"/websocket", terminado.TermSocket, {"term_manager": manager})])
    app.listen(int(sys.argv[1]), "127.0.0.1")
    tornado.ioloop.IOLoop.current().start()


if __name__ == "__main__":
    main()
