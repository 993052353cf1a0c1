"""Images for Docker sandboxes: made on the spot, or pulled where that cannot be."""

from __future__ import annotations

import io
import tarfile
import threading
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING

from perfbench.errors import RuntimeUnavailableError
from perfbench.sandbox.runtimes import docker_engine, rootfs
from perfbench.sandbox.runtimes.ownership import LABEL, Owner

if TYPE_CHECKING:
    from docker import APIClient

DEFAULT = "perfbench-busybox:latest"
PUBLIC = "busybox:latest"
"""Taken where there is no static busybox to make DEFAULT from (macOS, an engine elsewhere)."""
PULL_TIMEOUT = 120.0
PULL_SILENCE = 20

_one_at_a_time = threading.Lock()


def provide(client: APIClient, image: str) -> str:
    """See to it that the engine holds `image`, or for DEFAULT an equal of it; returns the name to use.

    Raises RuntimeUnavailableError when that is not possible, and what docker-py raises.
    """
    if image != DEFAULT:
        raise RuntimeUnavailableError(f"the Docker engine has no image {image}", f"docker pull {image}")
    with _one_at_a_time:
        if rootfs.static_busybox() and docker_engine.is_local():
            repository, tag = DEFAULT.split(":")
            client.import_image_from_data(
                rootfs.tar(), repository=repository, tag=tag, changes=["ENV PATH=/bin:/usr/bin", 'CMD ["sh"]']
            )
            return DEFAULT
        if not client.images(name=PUBLIC):
            _pull(client, PUBLIC)
    return PUBLIC


def copy_fresh(client: APIClient, container: str, image: str, copy: str) -> None:
    """Make `copy`, an image with the content of the unstarted `container` of `image` that never was before.

    It shares no layer with any other and carries its owner's label.
    """
    repository, tag = copy.split(":")
    client.put_archive(container, "/", _stamp(copy))
    found = client.inspect_image(image)  # type: ignore[no-untyped-call]
    environment = found["Config"]["Env"] or ()
    changes = [f"ENV {variable}" for variable in environment] + [f"LABEL {LABEL}={Owner.current()}"]
    client.import_image_from_stream(client.export(container), repository=repository, tag=tag, changes=changes)


def _stamp(text: str) -> bytes:
    """An archive with one small file, so that the image that gets it has a content of its own."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        entry = tarfile.TarInfo(rootfs.STAMP)
        entry.size, entry.mode = len(text), 0o644
        archive.addfile(entry, io.BytesIO(text.encode()))
    return buffer.getvalue()


def _pull(client: APIClient, image: str) -> None:
    """Pull, but never wait longer than PULL_TIMEOUT: there may be no way to a registry at all."""
    repository, tag = image.split(":")
    url = f"{client.base_url}/v{client.api_version}/images/create"
    deadline = time.monotonic() + PULL_TIMEOUT
    said = "it does not come"
    with client.post(
        url, params={"fromImage": repository, "tag": tag}, stream=True, timeout=PULL_SILENCE
    ) as response:
        for line in _lines(response.iter_lines()):
            said = line
            if time.monotonic() > deadline:
                break
    if not client.images(name=image):
        raise RuntimeUnavailableError(
            f"the Docker engine has no image {image} and cannot pull it: {said[:200]}",
            f"apt-get install busybox-static, or `docker pull {image}`",
        )


def _lines(raw: Iterator[bytes]) -> Iterator[str]:
    return (line.decode(errors="replace") for line in raw if line)
