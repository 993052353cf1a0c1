"""The routes of the service and their handlers."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

from perfbench.errors import UnavailableError
from perfbench.sandbox.service import contents, execution
from perfbench.sandbox.service.bounded_sessions import BoundedSessions
from perfbench.sandbox.service.guard import JSON, answer, not_found, written
from perfbench.sandbox.service.limits import ServiceLimits
from perfbench.sandbox.service.refusals import RefusedError
from perfbench.sandbox.service.request import Fields, Request
from perfbench.sandbox.service.sandboxes import Sandboxes
from perfbench.sandbox.service.shown import shown_answer, shown_session
from perfbench.sandbox.service.workflow import Workflow, planned

if TYPE_CHECKING:
    from starlette.routing import Router
    from starlette.types import ASGIApp, Receive, Scope, Send

Given = ParamSpec("Given")
Result = TypeVar("Result")

FILE = (b"content-type", b"application/octet-stream")
MOST_IDS = 1000
"""So many ids are listed at a time."""


@dataclass(frozen=True, slots=True)
class Reply:
    """What a handler answers: `members` as JSON, or `content` as it is."""

    status: int = 200
    members: object = None
    content: bytes | None = None


Handler = Callable[[Request], Awaitable[Reply]]


class Resource:
    """What lies at one path: an ASGI application with a handler for each method."""

    def __init__(self, limits: ServiceLimits, handlers: Mapping[str, Handler]) -> None:
        self._limits = limits
        self._handlers = handlers
        self._allow = {"Allow": ", ".join(handlers)}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        handler = self._handlers.get(scope["method"])
        if handler is None:
            raise RefusedError(405, f"there is no {scope['method']} here", headers=self._allow)
        reply = await handler(Request(scope, receive, self._limits))
        if reply.content is not None:
            await answer(send, reply.status, reply.content, FILE)
        else:
            content = b"" if reply.members is None else written(reply.members)
            await answer(send, reply.status, content, JSON)


class Service:
    """The handlers. What waits for a runtime, a disk or a server runs in a bounded pool of threads."""

    def __init__(self, sandboxes: Sandboxes, sessions: BoundedSessions, limits: ServiceLimits) -> None:
        self._sandboxes = sandboxes
        self._sessions = sessions
        self._limits = limits
        self._threads = ThreadPoolExecutor(limits.threads, thread_name_prefix="service")

    def health(self) -> ASGIApp:
        """What says whether the service answers; it looks at nothing else."""

        async def say(_: Request) -> Reply:
            return Reply(members={"status": "ok", "runtime": self._sandboxes.runtime})

        return Resource(self._limits, {"GET": say})

    def router(self) -> Router:
        """All other routes, the most asked first. Raises UnavailableError where Starlette is not installed."""
        try:
            from starlette.routing import Route, Router  # noqa: PLC0415
        except ImportError:
            raise UnavailableError(
                "Starlette is not installed", "pip install 'perfbench-gate[service]'"
            ) from None
        resources: dict[str, dict[str, Handler]] = {
            "/sessions": {"GET": self.list_sessions, "POST": self.create_session},
            "/sessions/{id}": {
                "GET": self.read_session,
                "PUT": self.write_session,
                "DELETE": self.delete_session,
            },
            "/workflows": {"POST": self.workflow},
            "/sandboxes": {"GET": self.list_sandboxes, "POST": self.create_sandbox},
            "/sandboxes/{id}": {"GET": self.show_sandbox, "DELETE": self.delete_sandbox},
            "/sandboxes/{id}/exec": {"POST": self.exec},
            "/sandboxes/{id}/files/{path:path}": {
                "GET": self.read_file,
                "PUT": self.write_file,
                "DELETE": self.delete_file,
            },
        }
        routes = [Route(path, Resource(self._limits, handlers)) for path, handlers in resources.items()]
        return Router(routes, redirect_slashes=False, default=not_found)

    def close(self) -> None:
        """Remove all sandboxes, which ends what waits for them, and close the store."""
        try:
            self._sandboxes.close()
        finally:
            self._threads.shutdown(cancel_futures=True)
            self._sessions.close()

    async def list_sandboxes(self, _: Request) -> Reply:
        return Reply(members={"sandboxes": self._sandboxes.ids()})

    async def create_sandbox(self, request: Request) -> Reply:
        Fields(await request.json(), "the sandbox", ())
        sandbox = await self._waited(self._sandboxes.create)
        return Reply(201, {"id": sandbox.id, "runtime": self._sandboxes.runtime})

    async def show_sandbox(self, request: Request) -> Reply:
        sandbox = self._sandboxes.find(request.part("id"))
        return Reply(members={"id": sandbox.id, "runtime": self._sandboxes.runtime})

    async def delete_sandbox(self, request: Request) -> Reply:
        await self._waited(self._sandboxes.remove, request.part("id"))
        return Reply(204)

    async def exec(self, request: Request) -> Reply:
        fields = Fields(await request.json(), "the command", ("argv", "stdin", "timeout"))
        run = partial(
            execution.run,
            self._sandboxes.find(request.part("id")),
            fields.argv(),
            stdin=fields.text("stdin", "").encode(),
            timeout=fields.seconds("timeout", self._limits.seconds),
            most=self._limits.output,
        )
        return Reply(members=shown_answer(await self._waited(run)))

    async def read_file(self, request: Request) -> Reply:
        sandbox, path = self._file(request)
        return Reply(content=await self._waited(contents.read, sandbox, path, self._limits.body))

    async def write_file(self, request: Request) -> Reply:
        sandbox, path = self._file(request)
        await self._waited(contents.write, sandbox, path, await request.body())
        return Reply(204)

    async def delete_file(self, request: Request) -> Reply:
        sandbox, path = self._file(request)
        await self._waited(contents.delete, sandbox, path)
        return Reply(204)

    async def list_sessions(self, _: Request) -> Reply:
        ids = await self._kept(self._sessions.ids)
        return Reply(members={"sessions": ids[:MOST_IDS], "total": len(ids)})

    async def create_session(self, request: Request) -> Reply:
        fields = Fields(await request.json(), "the session", ("state",))
        session = await self._kept(self._sessions.create, fields.mapping("state"))
        return Reply(201, shown_session(session))

    async def read_session(self, request: Request) -> Reply:
        return Reply(members=shown_session(await self._kept(self._sessions.read, request.part("id"))))

    async def write_session(self, request: Request) -> Reply:
        fields = Fields(await request.json(), "the session", ("state", "history"))
        state = fields.mapping("state") if "state" in fields else None
        history = fields.mappings("history") if "history" in fields else None
        session = await self._kept(self._sessions.replace, request.part("id"), state, history)
        return Reply(members=shown_session(session))

    async def delete_session(self, request: Request) -> Reply:
        await self._kept(self._sessions.delete, request.part("id"))
        return Reply(204)

    async def workflow(self, request: Request) -> Reply:
        members = await request.json()
        steps = planned(members, self._limits)
        named = (
            Fields(members, "the workflow", ("steps", "sandbox")).text("sandbox")
            if "sandbox" in members
            else None
        )
        run = Workflow(self._sandboxes, self._sessions, self._limits, named)
        return Reply(members={"steps": await self._waited(run.run, steps)})

    def _file(self, request: Request) -> tuple[Any, str]:
        return self._sandboxes.find(request.part("id")), contents.checked(request.part("path"))

    async def _kept(
        self, do: Callable[Given, Result], *arguments: Given.args, **options: Given.kwargs
    ) -> Result:
        """Ask the session store: at once if it is memory, which is sooner done than handed to a thread."""
        if self._sessions.waits:
            return await self._waited(do, *arguments, **options)
        return do(*arguments, **options)

    async def _waited(
        self, do: Callable[Given, Result], *arguments: Given.args, **options: Given.kwargs
    ) -> Result:
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._threads, partial(do, *arguments, **options))
