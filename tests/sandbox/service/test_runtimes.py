"""The service on other runtimes than a bare process."""

from __future__ import annotations

import pytest

from perfbench.sandbox import runtimes
from tests.sandbox.service.served import serving


@pytest.mark.parametrize(
    "runtime", ["bubblewrap", "runc", pytest.param("docker:runc", marks=pytest.mark.engine)]
)
def test_commands_files_and_workflows_work_there_too(runtime: str) -> None:
    found = runtimes.runtime(runtime).availability()
    if not found.available:
        pytest.skip(f"{runtime}: {found.reason}")
    with serving("--runtime", runtime, "--output", "1000") as service:
        id = service.sandbox()
        file = f"/sandboxes/{id}/files/folder/file"
        assert service.ask("PUT", file, b"content").status == 204
        assert service.run(id, "cat", "folder/file").members["stdout"] == "content"
        assert service.ask("GET", file).content == b"content"
        assert service.ask("DELETE", file).status == 204
        assert service.ask("GET", file).status == 404
        flood = service.run(id, "head", "-c", "100000", "/dev/zero").members
        assert (len(flood["stdout"]), flood["truncated"]) == (1000, True)
        failed = service.run(id, "sh", "-c", "echo $0 >&2; exit 3", "$(id)").members
        assert (failed["exit_code"], failed["stderr"]) == (3, "$(id)\n")
        steps = [{"do": "write", "path": "a", "text": "b"}, {"do": "exec", "argv": ["cat", "a"]}]
        assert service.ask("POST", "/workflows", {"steps": steps}).members["steps"][1]["stdout"] == "b"
        assert service.ask("GET", "/sandboxes").members["sandboxes"] == [id]
