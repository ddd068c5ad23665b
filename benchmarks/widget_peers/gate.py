"""A door between the browser and a server that can be shut: every connection breaks, and no new one comes through."""

from __future__ import annotations

import asyncio
import contextlib
import threading


class Gate:
    """Listens on a loopback port of its own and passes everything on to ``target`` while it is open."""

    def __init__(self, target: int) -> None:
        self.target = target
        self.port = 0
        self._open = True
        self._writers: set[asyncio.StreamWriter] = set()
        self._loop = asyncio.new_event_loop()
        started = threading.Event()

        async def listen() -> None:
            server = await asyncio.start_server(self._pass, "127.0.0.1", 0)
            self.port = server.sockets[0].getsockname()[1]
            started.set()

        def serve() -> None:
            self._loop.run_until_complete(listen())
            self._loop.run_forever()

        threading.Thread(target=serve, daemon=True).start()
        started.wait(5)

    @property
    def origin(self) -> str:
        """The address that the browser is given."""
        return f"http://127.0.0.1:{self.port}"

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if not self._open:
            writer.transport.abort()
            return
        there_reader, there = await asyncio.open_connection("127.0.0.1", self.target)
        self._writers |= {writer, there}

        async def copy(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
            with contextlib.suppress(OSError):
                while data := await source.read(65536):
                    sink.write(data)
                    await sink.drain()
            sink.close()

        await asyncio.gather(copy(reader, there), copy(there_reader, writer))
        self._writers -= {writer, there}

    def shut(self) -> None:
        """Break what is open, and let nothing through."""

        def work() -> None:
            self._open = False
            for writer in list(self._writers):
                writer.transport.abort()

        self._loop.call_soon_threadsafe(work)

    def reopen(self) -> None:
        """Let everything through again."""
        self._open = True
