"""`docker:<oci>`: containers of a Docker engine, run by any OCI runtime that it is configured with."""

from __future__ import annotations

import secrets
from functools import partial
from typing import TYPE_CHECKING, Any

from perfbench.errors import LimitNotEnforceableError, RuntimeUnavailableError, SandboxError
from perfbench.sandbox.runtimes import docker_engine, docker_image, held
from perfbench.sandbox.runtimes.docker_engine import sentences
from perfbench.sandbox.runtimes.docker_sandbox import DockerSandbox, is_gvisor, remove_container, remove_image
from perfbench.sandbox.runtimes.interrupts import put_off
from perfbench.sandbox.runtimes.ownership import LABEL, Owner
from perfbench.sandbox.runtimes.runtime import Availability, Limits

if TYPE_CHECKING:
    from docker import APIClient

IDLE = ["sleep", "2147483647"]
DEFAULT_PIDS = 512
"""Enough for any tool, too few for a fork bomb to hurt the host."""
GVISOR_PIDS = 4096
"""The same for gVisor, whose own threads on the host count as well."""


class DockerRuntime:
    """Makes containers with the OCI runtime `oci` (runc, crun, runsc, …) of the engine in DOCKER_HOST."""

    def __init__(self, oci: str, image: str = docker_image.DEFAULT) -> None:
        self.oci = oci
        self._image = image

    @property
    def name(self) -> str:
        return f"docker:{self.oci}"

    def availability(self) -> Availability:
        return docker_engine.look(self.oci)

    def create(self, *, limits: Limits = Limits()) -> DockerSandbox:
        client = docker_engine.client()
        sandbox = DockerSandbox(client, self.oci)
        try:
            self._create_container(client, sandbox, self._image, limits)
        except BaseException:
            held.abandon(sandbox)
            raise
        return sandbox

    def create_cold(self, *, limits: Limits = Limits()) -> DockerSandbox:
        client = docker_engine.client()
        sandbox = DockerSandbox(client, self.oci, cold_image=f"perfbench-cold:{secrets.token_hex(8)}")
        try:
            # A container of the image stays unstarted: what is new is what comes out of it.
            with self.create() as original, put_off(), sentences("make a fresh image"):
                docker_image.copy_fresh(client, original.id, self._image, sandbox.cold_image)
            self._create_container(client, sandbox, sandbox.cold_image, limits)
        except BaseException:
            held.abandon(sandbox)
            raise
        return sandbox

    def sweep(self) -> list[str]:
        client = docker_engine.client()
        ours = {"label": LABEL}
        removed = []
        with sentences("list what is left over"):
            containers = client.containers(all=True, filters=ours)
            images = client.images(filters=ours)
        for container in containers:
            if _abandoned(container["Labels"]):
                remove_container(client, container["Id"])
                removed.append(container["Id"])
        for image in images:
            if _abandoned(image["Labels"]):
                remove_image(client, image["Id"])
                removed.append(image["Id"])
        return removed

    def _create_container(
        self, client: APIClient, sandbox: DockerSandbox, image: str, limits: Limits
    ) -> None:
        from docker.errors import APIError, ImageNotFound  # noqa: PLC0415

        settings = configuration(self.oci, limits)
        create = partial(client.create_container_from_config, name=sandbox.name)
        try:
            with put_off(), sentences("create a container"):
                try:
                    reply = create({**settings, "Image": image})
                except ImageNotFound:
                    self._image = docker_image.provide(client, image)
                    reply = create({**settings, "Image": self._image})
                sandbox.id = str(reply["Id"])
        except SandboxError as error:
            if not (isinstance(error.__cause__, APIError) and "runtime" in error.message):
                raise
            found = self.availability()
            raise RuntimeUnavailableError(found.reason or error.message, found.remedy) from error
        for warning in reply.get("Warnings") or ():
            if "discarded" in warning and limits != Limits():
                raise LimitNotEnforceableError(f"the Docker engine does not hold a limit here: {warning}")


def configuration(oci: str, limits: Limits) -> dict[str, Any]:
    """What the engine is asked for: least privilege, the limits, and the owner's label.

    Raises LimitNotEnforceableError for a limit of nothing, which the engine takes for none, and for a number
    of processes in gVisor.
    """
    for name in ("memory", "cpus", "pids"):
        if (value := getattr(limits, name)) is not None and value <= 0:
            raise LimitNotEnforceableError(
                f"a limit of {value} on {name} cannot be held", "ask for more than 0"
            )
    gvisor = is_gvisor(oci)
    if gvisor and limits.pids is not None:
        raise LimitNotEnforceableError(
            f"`docker:{oci}` cannot limit processes: the host sees the threads of gVisor's kernel, not them",
            "leave the limit out",
        )
    host: dict[str, Any] = {
        "Runtime": oci,
        "NetworkMode": "bridge" if limits.network else "none",
        "CapDrop": ["ALL"],
        "SecurityOpt": ["no-new-privileges"],
        "PidsLimit": limits.pids or (GVISOR_PIDS if gvisor else DEFAULT_PIDS),
        "LogConfig": {"Type": "none"},
    }
    if limits.memory is not None:
        host |= {"Memory": limits.memory, "MemorySwap": limits.memory}  # memory and swap together
    if limits.cpus is not None:
        host["NanoCpus"] = round(limits.cpus * 1e9)
    return {
        "Entrypoint": IDLE,
        "WorkingDir": "/tmp",  # noqa: S108  (the sandbox's own)
        "Labels": {LABEL: str(Owner.current())},
        "StopSignal": "SIGKILL",
        "HostConfig": host,
    }


def _abandoned(labels: dict[str, str] | None) -> bool:
    """Whether it belonged to one of ours that is dead."""
    owner = Owner.parse((labels or {}).get(LABEL, ""))
    if owner is None or owner.alive():
        return False
    # An engine that others reach too holds containers of owners on machines that we know nothing of.
    return docker_engine.is_local() or owner.boot == Owner.current().boot
