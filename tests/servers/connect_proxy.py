"""A company's web proxy: CONNECT to the loopback network and nowhere else, with a password if wanted."""

from __future__ import annotations

import asyncio
from base64 import b64encode

from tests.servers.tcp import LoopbackServer, hang_up, pump

LOOPBACK = ("localhost", "127.")


class ConnectProxy(LoopbackServer):
    """`with ConnectProxy(password="…") as proxy:` speaks plain HTTP; what goes through it is not read.

    targets   host:port of every CONNECT that was let through
    refused   how many were not: no or a wrong password, or a host elsewhere
    """

    def __init__(self, *, user: str = "syncd", password: str = "") -> None:
        super().__init__(self._serve_client, host="127.0.0.1")
        self._user = user
        self._password = password
        self.targets: list[str] = []
        self.refused = 0

    @property
    def url(self) -> str:
        """Without the password."""
        return f"http://{self.host}:{self.port}"

    @property
    def url_with_password(self) -> str:
        return f"http://{self._user}:{self._password}@{self.host}:{self.port}"

    async def _serve_client(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        first, *lines = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        method, target, _ = first.split(" ")
        refusal = self._refusal(method, target, lines)
        if refusal:
            self.refused += 1
            writer.write(f"HTTP/1.1 {refusal}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".encode())
            await writer.drain()
            writer.close()
            await writer.wait_closed()
            return
        await self._join(target, reader, writer)

    def _refusal(self, method: str, target: str, lines: list[str]) -> str:
        """The status line and headers with which to refuse; empty when all is well."""
        if method != "CONNECT":
            return "405 Method Not Allowed\r\nAllow: CONNECT"
        if self._password:
            wanted = b64encode(f"{self._user}:{self._password}".encode()).decode()
            credentials = [line for line in lines if line.lower().startswith("proxy-authorization: basic ")]
            given = [line.rpartition(" ")[2] for line in credentials]
            if given != [wanted]:
                return '407 Proxy Authentication Required\r\nProxy-Authenticate: Basic realm="proxy"'
        return "" if target.startswith(LOOPBACK) else "403 Forbidden"

    async def _join(self, target: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        host, _, port = target.rpartition(":")
        up_reader, up_writer = await asyncio.open_connection(
            host.replace("localhost", "127.0.0.1"), int(port)
        )
        self.targets.append(target)
        writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
        try:
            async with asyncio.TaskGroup() as both:
                both.create_task(pump(reader, up_writer))
                both.create_task(pump(up_reader, writer))
        finally:
            hang_up(up_writer)
