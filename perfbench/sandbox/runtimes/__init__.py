"""Container runtimes behind one Protocol (`runtime.py`), one driver a file; here they are found by name."""

from __future__ import annotations

import difflib
import re
import threading
import time
from functools import cache

from perfbench.errors import SandboxError, UsageError
from perfbench.sandbox.runtimes.runtime import Availability, Runtime

NAMES = (
    "process",
    "bubblewrap",
    "runc",
    "crun",
    "runsc",
    "docker:runc",
    "docker:crun",
    "docker:runsc",
    "podman",
)
"""The runtimes known by name; `docker:NAME` is valid for any OCI runtime that the engine has configured."""

DOCKER = re.compile(r"docker:([A-Za-z0-9][A-Za-z0-9_.-]*)")
ANSWERS_WITHIN = 15.0
"""Seconds after which a runtime that has not said whether it is available counts as absent."""


@cache
def runtime(name: str, *, image: str | None = None) -> Runtime:
    """The runtime called `name`; one object a process, so that what it has learned of the machine is kept.

    With `image` its sandboxes are made from that image, which must be there, instead of a small one that is
    made on the spot. Raises UsageError for a name that is none, with the nearest that is, and for an image
    where the runtime takes none.
    """
    docker = DOCKER.fullmatch(name)
    if docker is not None:
        from perfbench.sandbox.runtimes.docker import DockerRuntime  # noqa: PLC0415

        return DockerRuntime(docker.group(1), *(() if image is None else (image,)))
    if name not in NAMES:
        near = difflib.get_close_matches(name, (*NAMES, "docker:runc"), n=1, cutoff=0.4)
        raise UsageError(
            f"there is no runtime {name!r}",
            f"did you mean {near[0]!r}?" if near else f"the runtimes are {', '.join(NAMES)}",
        )
    if image is not None and name != "podman":
        raise UsageError(
            f"the runtime {name!r} takes no image", "leave `image` out, or use docker:… or podman"
        )
    return _local(name, image)


def _local(name: str, image: str | None) -> Runtime:
    if name == "process":
        from perfbench.sandbox.runtimes.process import ProcessRuntime  # noqa: PLC0415

        return ProcessRuntime()
    if name == "bubblewrap":
        from perfbench.sandbox.runtimes.bubblewrap import BubblewrapRuntime  # noqa: PLC0415

        return BubblewrapRuntime()
    if name == "podman":
        from perfbench.sandbox.runtimes.podman import PodmanRuntime  # noqa: PLC0415

        return PodmanRuntime(*(() if image is None else (image,)))
    from perfbench.sandbox.runtimes.oci import OciRuntime  # noqa: PLC0415

    return OciRuntime(name)


def statuses() -> dict[str, Availability]:
    """Whether each runtime of NAMES can be used here, in that order; all are asked at once."""
    found: dict[str, Availability] = {}

    def ask(name: str) -> None:
        try:
            found[name] = runtime(name).availability()
        except Exception as error:  # noqa: BLE001, RUF100  (one broken driver must not hide the others)
            found[name] = Availability(False, reason=f"its driver failed: {type(error).__name__}: {error}")

    # Daemon threads: an engine that never answers must not hold up the end of the program.
    threads = [threading.Thread(target=ask, args=(name,), daemon=True) for name in NAMES]
    for thread in threads:
        thread.start()
    deadline = time.monotonic() + ANSWERS_WITHIN
    for thread in threads:
        thread.join(max(0.0, deadline - time.monotonic()))
    silent = Availability(
        False, reason=f"it did not answer within {ANSWERS_WITHIN:g} s", remedy="see that its engine responds"
    )
    return {name: found.get(name, silent) for name in NAMES}


def sweep() -> list[str]:
    """Remove what sandboxes of dead owners left, with every runtime that can be asked; returns the ids.

    Raises SandboxError when something that must go cannot be removed, after all the rest has been.
    """
    removed: list[str] = []
    failures: list[SandboxError] = []
    for name in NAMES:
        try:
            if _can_be_asked(name):
                removed += runtime(name).sweep()
        except SandboxError as error:
            failures.append(error)
    if failures:
        raise failures[0]
    return removed


def _can_be_asked(name: str) -> bool:
    """Whether `name` may have left something. What has no engine knows by looking at its own directory."""
    if name == "podman" or name.startswith("docker:"):
        return runtime(name).availability().available
    return True
