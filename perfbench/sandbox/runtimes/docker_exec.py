"""A command in a Docker container as a stream: what it writes comes out in frames, what it reads goes in.

The stream is asked for without a protocol upgrade, so that its reply is an ordinary HTTP body: docker-py's
own `socket=True` drops what has arrived together with the headers, which happens on a loaded machine.
"""

from __future__ import annotations

import contextlib
import select
import socket
import struct
import threading
import time
from collections.abc import Generator, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from docker import APIClient

STDOUT, STDERR = 1, 2
LOOK_EVERY = 50
"""Milliseconds after which a writer that waits for room looks whether it is still needed."""
SETTLES_WITHIN = 10.0
"""Seconds within which the engine knows the exit code of a command whose output has ended."""


class DockerExec:
    """One command. The requests made here raise what docker-py, requests and sockets raise."""

    def __init__(
        self,
        client: APIClient,
        container: str,
        argv: Sequence[str],
        *,
        stdin: Iterable[bytes] | None = None,
        environment: Mapping[str, str] | None = None,
        silence: float | None = None,
    ) -> None:
        """`silence`: seconds without output that are borne; a command may be silent as long as it likes else."""
        self._client = client
        self._stdin = stdin
        self._silence = silence
        self._connection: socket.socket | None = None
        self._id: str = client.exec_create(
            container, list(argv), stdin=stdin is not None, environment=dict(environment or {})
        )["Id"]

    def frames(self) -> Generator[tuple[int, bytes], None, None]:
        """Run it; yields (STDOUT or STDERR, bytes) until all who hold its output have closed it."""
        response = self._start()
        feeder = _Feeder(self._connection, self._stdin) if self._connection and self._stdin else None
        try:
            while len(header := response.raw.read(8)) == 8:
                stream, length = struct.unpack(">BxxxL", header)
                yield stream, response.raw.read(length)
        finally:
            self.sever()
            if feeder:
                feeder.stop()
            response.close()
        if feeder and feeder.error:
            raise feeder.error

    def sever(self) -> None:
        """Break the connection off, from any thread; whoever reads or writes on it comes back."""
        if self._connection:
            with contextlib.suppress(OSError):
                self._connection.shutdown(socket.SHUT_RDWR)

    def exit_code(self) -> int:
        """Its exit code, after the last frame. Raises TimeoutError when the engine does not learn it."""
        deadline = time.monotonic() + SETTLES_WITHIN
        while True:
            found = self._client.exec_inspect(self._id)
            if not found["Running"] and found["ExitCode"] is not None:
                return int(found["ExitCode"])
            if time.monotonic() > deadline:
                raise TimeoutError("the engine does not know the command's exit code")
            time.sleep(0.002)

    def _start(self) -> Any:
        client = self._client
        response = client.post(
            f"{client.base_url}/v{client.api_version}/exec/{self._id}/start",
            json={"Detach": False, "Tty": False},
            stream=True,
            timeout=self._silence,
        )
        # Also raises for an error status. For a unix socket it gives the file around the socket.
        file = client._get_raw_response_socket(response)  # type: ignore[attr-defined]
        self._connection = getattr(file, "_sock", file)
        return response


class _Feeder(threading.Thread):
    """Writes a command's input while its output is read."""

    def __init__(self, connection: socket.socket, chunks: Iterable[bytes]) -> None:
        super().__init__(daemon=True)
        self.error: Exception | None = None
        self._connection = connection
        self._chunks = chunks
        self._stopped = False
        self.start()

    def stop(self) -> None:
        """Come back, whether all has been written or not."""
        self._stopped = True
        self.join()

    def run(self) -> None:
        try:
            for chunk in self._chunks:
                self._send(chunk)
                if self._stopped:
                    return
        except OSError:
            pass  # the command has ended without reading all of it
        except Exception as error:
            self.error = error
        with contextlib.suppress(OSError):
            self._connection.shutdown(socket.SHUT_WR)

    def _send(self, chunk: bytes) -> None:
        if self._connection.family != socket.AF_UNIX:
            self._connection.sendall(chunk)
            return
        # The engine leaves input unread when the command has ended, and nothing wakes a writer to a unix
        # socket but its reader.
        room = select.poll()
        room.register(self._connection, select.POLLOUT)
        rest = memoryview(chunk)
        while rest and not self._stopped:
            try:
                rest = rest[self._connection.send(rest, socket.MSG_DONTWAIT) :]
            except BlockingIOError:
                room.poll(LOOK_EVERY)
