"""Files by paths that lead nowhere but into the sandbox."""

from __future__ import annotations

from urllib.parse import quote

import pytest

from perfbench.sandbox import runtimes
from perfbench.sandbox.runtimes.runtime import Sandbox
from perfbench.sandbox.service import contents
from perfbench.sandbox.service.refusals import RefusedError, UnknownFileError
from tests.sandbox.service.served import Served

OUT = ["..", "../x", "a/../../x", "/etc/passwd", "/", "", ".", "a\0b", "a/..", "x" * 2000]


@pytest.mark.parametrize("path", OUT, ids=lambda path: repr(path[:20]))
def test_a_path_that_could_lead_out_is_refused(path: str) -> None:
    with pytest.raises(RefusedError, match="is no path within the sandbox") as caught:
        contents.checked(path)
    assert caught.value.status == 400


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
@pytest.mark.parametrize("path", ["%2e%2e/x", "..%2f..%2fetc%2fpasswd", "%2fetc%2fpasswd", "a%00b"])
def test_nor_can_it_be_written_in_another_way(served: Served, sandbox: str, method: str, path: str) -> None:
    assert served.ask(method, f"/sandboxes/{sandbox}/files/{path}", b"").status == 400


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
def test_no_link_is_followed(
    served: Served, sandbox: str, method: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    outside = tmp_path_factory.mktemp("outside")
    (outside / "secret").write_text("kept")
    served.run(sandbox, "ln", "-s", str(outside), "folder")
    answer = served.ask(method, f"/sandboxes/{sandbox}/files/folder/secret", b"changed")
    assert answer.status in (400, 404, 409)
    assert b"kept" not in answer.content
    assert [path.read_text() for path in outside.iterdir()] == ["kept"]


def test_a_link_in_the_place_of_the_file_is_not_read_and_is_replaced(served: Served, sandbox: str) -> None:
    served.run(sandbox, "ln", "-s", "/etc/passwd", "link")
    path = f"/sandboxes/{sandbox}/files/link"
    assert served.ask("GET", path).status == 400
    assert served.ask("PUT", path, b"mine").status == 204
    assert served.ask("GET", path).content == b"mine"


def test_what_is_no_file_is_not_read(served: Served, sandbox: str) -> None:
    served.run(sandbox, "sh", "-c", "mkfifo pipe; mkdir folder")
    for name in ("pipe", "folder"):
        assert served.ask("GET", f"/sandboxes/{sandbox}/files/{name}").status == 409


def test_a_file_larger_than_a_body_is_not_held(served: Served, sandbox: str) -> None:
    served.run(sandbox, "sh", "-c", "head -c 100001 /dev/zero > large; dd of=huge bs=1 seek=1T count=0")
    for name in ("large", "huge"):
        answer = served.ask("GET", f"/sandboxes/{sandbox}/files/{name}")
        assert answer.status == 409
        assert "bytes" in answer.members["error"]


def test_no_answer_tells_where_the_sandbox_lies_on_the_host(served: Served, sandbox: str) -> None:
    for name in ("missing", "missing/below", quote("a b")):
        answer = served.ask("GET", f"/sandboxes/{sandbox}/files/{name}")
        assert answer.status == 404
        assert b"/tmp" not in answer.content


class Elsewhere:
    """A sandbox whose /tmp is no directory of the host, and whose commands find it under its own name."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox = sandbox
        self.copied: dict[str, bytes] = {}

    def exec(self, argv, **options):  # type: ignore[no-untyped-def]
        return self.sandbox.exec([word.removeprefix("/tmp/") for word in argv], **options)

    def copy_in(self, source, target: str) -> None:  # type: ignore[no-untyped-def]
        self.sandbox.copy_in(source, target)


def test_in_a_container_its_own_tools_do_it() -> None:
    with runtimes.runtime("process").create() as local:
        local.start()
        sandbox = Elsewhere(local)
        contents.write(sandbox, "a/b/c", b"content")  # type: ignore[arg-type]
        assert contents.read(sandbox, "a/b/c", 100) == b"content"  # type: ignore[arg-type]
        contents.delete(sandbox, "a/b/c")  # type: ignore[arg-type]
        with pytest.raises(UnknownFileError):
            contents.read(sandbox, "a/b/c", 100)  # type: ignore[arg-type]
