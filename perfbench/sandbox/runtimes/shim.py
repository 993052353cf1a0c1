"""A parent for what OCI runtimes leave orphaned.

`create` ends while the container's processes live on. They become orphans, and until whatever is process 1
gets round to reaping them they stay as zombies once dead; `runsc delete` waits for that, seconds or for ever.
So, as every engine does, a small process stands in between: it is a subreaper, runs the commands that leave
orphans, and reaps. It is this very file, run as a script with nothing but the standard library, one for each
process that makes containers, and it ends when the socket to its owner does. Linux alone.
"""

from __future__ import annotations

import contextlib
import json
import os
import select
import shutil
import signal
import socket
import sys
import threading
from collections.abc import Sequence

PR_SET_CHILD_SUBREAPER = 36
LONGEST_REQUEST = 1 << 16

_lock = threading.Lock()
_shims: dict[int, int] = {}
"""The descriptor that leads to the shim of a process, by the process's own id (a fork needs another).

It is closed by the end of the process alone, so that the shim outlives all that is cleared up before.
"""


def run(argv: Sequence[str], *, stdin: int, output: int, timeout: float) -> int:
    """Run `argv` under the shim with the given descriptors; returns its exit code, 128 + n for signal n.

    Raises OSError when it cannot be started, TimeoutError (an OSError) when it takes longer than `timeout`
    seconds. However this call ends, the command does not outlive it.
    """
    # Looked up here: the shim has the PATH of the moment when it began.
    command = [shutil.which(argv[0]) or argv[0], *argv[1:]]
    ours, theirs = socket.socketpair()
    with ours:
        with theirs:
            _ask(json.dumps(command).encode(), [stdin, output, theirs.fileno()])
        ours.settimeout(timeout)
        answer = ours.recv(64)
    if not answer:
        raise OSError("the shim has died")
    code = int(answer)
    if code < 0:
        raise OSError(-code, os.strerror(-code))
    return code


def _ask(request: bytes, descriptors: list[int]) -> None:
    for attempt in (1, 2):
        with _lock:
            control = socket.socket(fileno=_shims.get(os.getpid()) or _begin())
        try:
            socket.send_fds(control, [request], descriptors)
        except BrokenPipeError:
            with _lock:
                _shims.pop(os.getpid(), None)
            if attempt == 2:
                raise
        else:
            return
        finally:
            control.detach()


def _begin() -> int:
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with theirs:
        os.posix_spawn(
            sys.executable,
            [sys.executable, "-I", "-S", __file__],
            os.environ,
            file_actions=[(os.POSIX_SPAWN_DUP2, theirs.fileno(), 0)],
            setpgroup=0,
        )
    return _shims.setdefault(os.getpid(), ours.detach())


class Shim:
    """The other side: runs what it is asked to run and reaps whatever becomes its child."""

    def __init__(self, control: socket.socket) -> None:
        self._control = control
        self._answers: dict[int, socket.socket] = {}
        self._poll = select.poll()
        self._wake, wake_end = os.pipe()
        os.set_blocking(wake_end, False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.set_wakeup_fd(wake_end, warn_on_full_buffer=False)
        self._poll.register(control, select.POLLIN)
        self._poll.register(self._wake, select.POLLIN)

    def serve(self) -> None:
        """Work until the owner is gone."""
        while True:
            # Hang-ups first: what follows may close a descriptor and open another of the same number.
            ready = [descriptor for descriptor, _ in self._poll.poll()]
            for descriptor in sorted(ready, key=lambda one: one in (self._wake, self._control.fileno())):
                if descriptor == self._wake:
                    os.read(self._wake, 4096)
                    self._reap()
                elif descriptor == self._control.fileno():
                    if not self._accept():
                        return
                else:
                    self._abandon(descriptor)

    def _accept(self) -> bool:
        request, descriptors, _, _ = socket.recv_fds(self._control, LONGEST_REQUEST, 3)
        if not request:
            return False
        stdin, output, answer = descriptors
        reply = socket.socket(fileno=answer)
        argv = json.loads(request)
        actions = [
            (os.POSIX_SPAWN_DUP2, source, target) for target, source in enumerate((stdin, output, output))
        ]
        try:
            pid = os.posix_spawn(
                argv[0], argv, os.environ, file_actions=actions, setpgroup=0, setsigdef=[signal.SIGCHLD]
            )
        except OSError as error:
            self._reply(reply, -(error.errno or 1))
        else:
            self._answers[pid] = reply
            self._poll.register(reply, 0)  # hang-up alone
        finally:
            os.close(stdin)
            os.close(output)
        return True

    def _reap(self) -> None:
        with contextlib.suppress(ChildProcessError):
            while True:
                pid, status = os.waitpid(-1, os.WNOHANG)
                if pid == 0:
                    return
                reply = self._answers.pop(pid, None)
                if reply is not None:
                    self._poll.unregister(reply)
                    code = os.waitstatus_to_exitcode(status)
                    self._reply(reply, code if code >= 0 else 128 - code)

    def _reply(self, reply: socket.socket, code: int) -> None:
        with reply, contextlib.suppress(OSError):
            reply.send(str(code).encode())

    def _abandon(self, descriptor: int) -> None:
        """Kill a command that nobody waits for any more."""
        self._poll.unregister(descriptor)
        for pid, reply in list(self._answers.items()):
            if reply.fileno() == descriptor:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(pid, signal.SIGKILL)
                del self._answers[pid]
                reply.close()


def _main() -> None:
    import ctypes  # noqa: PLC0415  (the shim's side alone needs it)

    if ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) != 0:
        sys.exit("this kernel knows no subreaper")
    os.chdir("/")  # or it would keep its owner's folder from being unmounted
    Shim(socket.socket(fileno=0)).serve()


if __name__ == "__main__":
    _main()
