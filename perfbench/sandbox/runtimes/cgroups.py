"""Which control group a process is in, as a directory of this host."""

from __future__ import annotations

from pathlib import Path

from perfbench.errors import SandboxError
from perfbench.sandbox.runtimes.hierarchies import MOUNT, is_v2


def cgroup_of(pid: int) -> Path | None:
    """Directory of its cgroup where version 2 is in use alone, of its memory cgroup otherwise.

    None where there is none. Raises SandboxError when the process is gone.
    """
    try:
        lines = Path(f"/proc/{pid}/cgroup").read_text().splitlines()
    except OSError as error:
        raise SandboxError(f"process {pid} is gone") from error
    # Each line is number:controllers:path; version 2 has the number 0 and no controllers.
    paths = {controllers: path for _, controllers, path in (line.split(":", 2) for line in lines)}
    mount, path = (MOUNT, paths.get("")) if is_v2() else (MOUNT / "memory", paths.get("memory"))
    return None if path is None else mount / path.lstrip("/")
