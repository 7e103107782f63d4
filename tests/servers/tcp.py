"""Ports and addresses of the loopback network, and a plain forwarder: a second address for one server."""

from __future__ import annotations

import asyncio
import os
import socket
import ssl
import threading
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Self

from tests.servers.certificates import ServerCertificate
from tests.servers.process import Child, ServerError

Handler = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


def free_port(host: str = "127.0.0.1") -> int:
    """A port nobody listens on at this moment."""
    with socket.socket() as probe:
        probe.bind((host, 0))
        return int(probe.getsockname()[1])


def free_addresses(count: int, *ports: int) -> list[str]:
    """Addresses in 127.64.0.0/10 on which all these ports are free.

    Where the search begins depends on our process id, so that parallel runs do not meet.
    """
    start = os.getpid() * count
    candidates = (f"127.{64 + (n >> 16) % 64}.{n >> 8 & 255}.{n & 255}" for n in range(start, start + 10_000))
    free = (address for address in candidates if all(_is_free(address, port) for port in ports))
    return [next(free) for _ in range(count)]


def _is_free(host: str, port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True


def wait_until_listening(host: str, port: int, child: Child, *, timeout: float = 30) -> None:
    """Return once a connection is accepted. Raises `ServerError` when the child ends or takes too long."""
    deadline = time.monotonic() + timeout
    while child.alive and time.monotonic() < deadline:
        with suppress(OSError), socket.create_connection((host, port), timeout=1):
            return
        time.sleep(0.02)
    raise ServerError(f"nothing listens on {host}:{port}:\n{child.last_words()}")


@contextmanager
def silent_server(host: str = "127.0.0.1") -> Iterator[int]:
    """A port that accepts connections and never says a word."""
    with socket.create_server((host, 0), backlog=64) as listener:
        yield int(listener.getsockname()[1])


class LoopbackServer:
    """An asyncio server in a thread of its own. `handler` serves one connection; its end closes it."""

    def __init__(
        self, handler: Handler, *, host: str, port: int = 0, tls: ssl.SSLContext | None = None
    ) -> None:
        self._handler = handler
        self._tls = tls
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._tasks: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None
        self.host = host
        self.port = port

    def __enter__(self) -> Self:
        self._thread.start()
        asyncio.run_coroutine_threadsafe(self._listen(), self._loop).result(10)
        return self

    def __exit__(self, *_: object) -> None:
        asyncio.run_coroutine_threadsafe(self._close(), self._loop).result(10)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()

    async def _listen(self) -> None:
        self._server = await asyncio.start_server(self._serve, self.host, self.port, ssl=self._tls)
        self.port = self._server.sockets[0].getsockname()[1]

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        try:
            await self._handler(reader, writer)
        except (OSError, EOFError, asyncio.CancelledError):
            pass  # the other side left, or we were told to drop it: either way the connection is over
        finally:
            self._tasks.discard(task)
            hang_up(writer)

    async def _cancel_all(self) -> None:
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _close(self) -> None:
        if self._server is not None:
            self._server.close()
        await self._cancel_all()


def tls_server(certificate: ServerCertificate) -> LoopbackServer:
    """A server that shows its certificate and then only listens."""
    return LoopbackServer(_hear, host="127.0.0.1", tls=certificate.server_context())


async def _hear(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
    await reader.read()


class Forwarder(LoopbackServer):
    """Passes bytes between (host, port) and a target, unread."""

    def __init__(self, target: tuple[str, int], *, host: str = "127.0.0.1", port: int = 0) -> None:
        super().__init__(self._forward, host=host, port=port)
        self._target = target

    async def _forward(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        up_reader, up_writer = await asyncio.open_connection(*self._target)
        try:
            async with asyncio.TaskGroup() as both:
                both.create_task(pump(reader, up_writer))
                both.create_task(pump(up_reader, writer))
        finally:
            hang_up(up_writer)


def hang_up(writer: asyncio.StreamWriter) -> None:
    """End a connection at once. Under TLS `abort` alone does not count as closed."""
    writer.close()
    writer.transport.abort()


async def pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(65536):
        writer.write(data)
        await writer.drain()
    writer.close()
