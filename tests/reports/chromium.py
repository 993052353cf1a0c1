"""A headless Chromium, spoken to over a pipe: one page, its errors and every request that it makes."""

from __future__ import annotations

import base64
import fcntl
import json
import os
import select
import shutil
import signal
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any

EXECUTABLE = shutil.which("chromium")
MISSING = "chromium is not installed: apt-get install chromium"

OPTIONS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-dev-shm-usage",
    "--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-extensions",
    "--disable-default-apps", "--mute-audio", "--remote-debugging-pipe",
)  # fmt: skip

PATIENCE = 60.0
"""Seconds in which an answer comes on a machine that is busy; nothing here waits so long otherwise."""

KEYS = {"ArrowLeft": 37, "ArrowRight": 39, "ArrowUp": 38, "ArrowDown": 40, "Enter": 13, "Home": 36, "End": 35}


class Chromium:
    """A browser with one page. `console` holds its errors and warnings, `requests` the URLs that it asked for.

    A pipe rather than a port: nothing listens, and no library is needed.
    """

    def __init__(self, width: int = 1280, height: int = 900, *, dark: bool = False) -> None:
        assert EXECUTABLE is not None, MISSING
        self.console: list[str] = []
        self.requests: list[str] = []
        self._buffer = b""
        self._number = 0
        self._session = ""
        self._profile = tempfile.mkdtemp(prefix="perfbench-chromium-")
        self._start()
        target = self._call("Target.createTarget", url="about:blank")["targetId"]
        self._session = self._call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self._call(f"{domain}.enable")
        self.resize(width, height)
        self.prefer(dark=dark)

    def __enter__(self) -> Chromium:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def resize(self, width: int, height: int) -> None:
        """Give the page this room, in CSS pixels."""
        metrics = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600}
        self._call("Emulation.setDeviceMetricsOverride", **metrics)

    def prefer(self, *, dark: bool) -> None:
        """Say that the user likes it dark, or light."""
        feature = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self._call("Emulation.setEmulatedMedia", features=[feature])

    def open(self, url: str) -> None:
        """Load a page, and wait until its content is there."""
        self._call("Page.navigate", url="about:blank")
        self._call("Page.navigate", url=url)
        self.until("document.readyState === 'complete' && location.href !== 'about:blank'")

    def value(self, expression: str) -> Any:
        """What an expression of JavaScript is worth. Raises AssertionError where it throws."""
        answer = self._call("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in answer, answer["exceptionDetails"]
        return answer["result"].get("value")

    def until(self, expression: str) -> None:
        """Wait until an expression holds."""
        deadline = time.monotonic() + PATIENCE
        while not self.value(expression):
            assert time.monotonic() < deadline, f"never came true: {expression}"
            time.sleep(0.02)

    def press(self, key: str) -> None:
        """Press a key."""
        code = KEYS.get(key, ord(key[0]))
        event = {"key": key, "windowsVirtualKeyCode": code, "text": key if len(key) == 1 else ""}
        self._call("Input.dispatchKeyEvent", type="keyDown", **event)
        self._call("Input.dispatchKeyEvent", type="keyUp", key=key, windowsVirtualKeyCode=code)

    def mouse(self, kind: str, x: float, y: float, **more: Any) -> None:
        """Move, press or release the mouse, or turn its wheel."""
        self._call("Input.dispatchMouseEvent", type=kind, x=x, y=y, **more)

    def screenshot(self, path: Path, *, whole: bool = True) -> None:
        """Write what the page looks like as PNG."""
        answer = self._call("Page.captureScreenshot", format="png", captureBeyondViewport=whole)
        path.write_bytes(base64.b64decode(answer["data"]))

    def close(self) -> None:
        """End the browser, and remove its profile."""
        with suppress(OSError, AssertionError):
            self._session = ""
            self._call("Browser.close")
        for descriptor in (self._to, self._from):
            os.close(descriptor)
        # The launcher is a script that becomes the browser, in a group of its own.
        with suppress(ProcessLookupError):
            os.killpg(self._process, signal.SIGKILL)
        with suppress(ChildProcessError):
            os.waitpid(self._process, 0)
        shutil.rmtree(self._profile, ignore_errors=True)

    def _start(self) -> None:
        child_from, self._to = os.pipe()
        self._from, child_to = os.pipe()
        # Chromium reads 3 and writes 4; what is to be moved there may not lie there already.
        given, taken = (fcntl.fcntl(end, fcntl.F_DUPFD_CLOEXEC, 10) for end in (child_from, child_to))
        null = os.open(os.devnull, os.O_RDWR)
        self._process = os.posix_spawn(
            str(EXECUTABLE),
            [str(EXECUTABLE), *OPTIONS, f"--user-data-dir={self._profile}", "about:blank"],
            os.environ | {"HOME": self._profile, "TMPDIR": self._profile},
            file_actions=[
                (os.POSIX_SPAWN_DUP2, null, 1),
                (os.POSIX_SPAWN_DUP2, null, 2),
                (os.POSIX_SPAWN_DUP2, given, 3),
                (os.POSIX_SPAWN_DUP2, taken, 4),
            ],
            setpgroup=0,
        )
        for descriptor in (child_from, child_to, given, taken, null):
            os.close(descriptor)

    def _call(self, method: str, **params: Any) -> dict[str, Any]:
        self._number += 1
        message: dict[str, Any] = {"id": self._number, "method": method, "params": params}
        if self._session:
            message["sessionId"] = self._session
        os.write(self._to, json.dumps(message).encode() + b"\0")
        while True:
            answer = self._read()
            if answer.get("id") == self._number:
                assert "error" not in answer, f"{method}: {answer['error']}"
                result: dict[str, Any] = answer["result"]
                return result
            self._note(answer)

    def _read(self) -> dict[str, Any]:
        while b"\0" not in self._buffer:
            ready, _, _ = select.select([self._from], [], [], PATIENCE)
            if not ready:
                # A page that never ends would end no test after it either.
                os.killpg(self._process, signal.SIGKILL)
                raise AssertionError("Chromium does not answer")
            part = os.read(self._from, 1 << 20)
            assert part, "Chromium has ended"
            self._buffer += part
        line, _, self._buffer = self._buffer.partition(b"\0")
        message: dict[str, Any] = json.loads(line)
        return message

    def _note(self, event: dict[str, Any]) -> None:
        params = event.get("params", {})
        match event.get("method"):
            case "Runtime.exceptionThrown":
                self.console.append(json.dumps(params["exceptionDetails"])[:2000])
            case "Runtime.consoleAPICalled" if params["type"] in ("error", "warning", "assert"):
                self.console.append(json.dumps(params["args"])[:2000])
            case "Log.entryAdded" if params["entry"]["level"] in ("error", "warning"):
                self.console.append(f"{params['entry']['text']} {params['entry'].get('url', '')}")
            case "Network.requestWillBeSent":
                self.requests.append(params["request"]["url"])
