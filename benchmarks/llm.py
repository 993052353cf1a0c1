"""A language model or agent of a project's own, behind an OpenAI-compatible endpoint: `[sut.llm]`.

    [sut.llm]
    url = "http://127.0.0.1:1234/v1"
    models = ["small", "large"]
    headers = { Authorization = "Bearer ${LLM_KEY}" }

Every value is one request, which may cost money. The connection is opened before the clock runs.
"""

# ruff: noqa: ARG002  (asv hands every param to every method)

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from benchmarks._chat import LONGEST, Answer, Connection
from perfbench import sut

NONE = "none"
"""The one model where nothing is configured: asv takes a list without values for no list at all."""
PROMPT = "Count from 1 to 20."
MOST_TOKENS = 64

Method = TypeVar("Method", bound=Callable[..., object])


def _tokens_a_second(method: Method) -> Method:
    """Give one row its unit; on the class it would turn the times around too."""
    method.unit = "tokens/s"  # type: ignore[attr-defined]
    method.better = "higher"  # type: ignore[attr-defined]
    return method


class Chat:
    """One prompt, and its answer as it streams in, over a connection of its own."""

    version = "1"
    params = (sut.names("llm", (NONE,)),)
    param_names = ("model",)
    number = 1
    warmup_time = 0.0
    repeat = (1, 5, 30.0)
    timeout = LONGEST + 60.0
    perfbench_pin = False

    connection: Connection | None = None

    def setup(self, model: str) -> None:
        table = _configured()
        headers = table.get("headers") or {}
        self.prompt = str(table.get("prompt") or PROMPT)
        self.most_tokens = int(table.get("max_tokens") or MOST_TOKENS)
        filled = {str(name): sut.filled(str(value)) for name, value in headers.items()}
        self.connection = Connection(str(table["url"]), filled)

    def teardown(self, model: str) -> None:
        connection, self.connection = self.connection, None
        if connection is not None:
            connection.close()

    def time_completion(self, model: str) -> None:
        """From the request until the stream has ended."""
        self._ask(model)

    def track_first_token(self, model: str) -> float:
        """Seconds from the request to the first piece of the answer."""
        return self._ask(model).first

    track_first_token.unit = "seconds"  # type: ignore[attr-defined]

    @_tokens_a_second
    def track_tokens_per_second(self, model: str) -> float:
        """Tokens a second from the first one on."""
        return self._ask(model).tokens_per_second()

    def _ask(self, model: str) -> Answer:
        assert self.connection is not None
        return self.connection.ask(model, self.prompt, self.most_tokens)


def _configured() -> Mapping[str, Any]:
    """The table `[sut.llm]`. Raises NotImplementedError, asv's way to skip, where there is none."""
    table = sut.configured("llm")
    if table is None:
        raise NotImplementedError("no [sut.llm] is configured; add url and models under [sut.llm]")
    return table


if __name__ == "__main__":
    from benchmarks._pyperf import main

    main("llm")
