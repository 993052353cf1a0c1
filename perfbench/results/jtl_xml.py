"""The samples of a JTL in XML, as the parser meets them; nothing but them is kept in memory.

Expat itself, because a document type, and with it every entity, is refused before it is read.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from xml.parsers import expat

from perfbench.results.gathering import UnusableError
from perfbench.results.json_text import MalformedError
from perfbench.results.jtl_sample import Note, Sample, sample_of

_SAMPLES = {"httpSample", "sample", "sampleResult"}
_START = re.compile(
    rb"(?:\xef\xbb\xbf)?\s*(?:<\?xml[^>]{0,200}\?>\s*)?(?:<!--.{0,1000}?-->\s*)?<testResults[\s/>]", re.DOTALL
)

_CHUNK = 1024**2
_LONGEST_TAG = 8 * 1024**2
"""Expat begins a tag anew with every chunk until its end is there; a longer one would take minutes."""
_DEEPEST = 100


def recognises(data: bytes) -> bool:
    """Whether the root is JMeter's."""
    return _START.match(data, 0, 4096) is not None


def samples(data: bytes, note: Note) -> Iterator[Sample]:
    """Every sample, the parts of a transaction after the whole: a JTL in CSV has them all as well.

    Raises MalformedError where the text is no XML, ends too early, declares a document type or is nested
    too deeply.
    """
    reading = _Reading(note)
    for start in range(0, len(data) + 1, _CHUNK):
        try:
            reading.feed(data[start : start + _CHUNK], start)
        except MalformedError as error:
            yield from reading.taken()
            raise error from error.__cause__
        yield from reading.taken()
    reading.end()


class _Reading:
    """What expat has met since it was last asked."""

    def __init__(self, note: Note) -> None:
        self._note = note
        self._depth = 0
        self._samples: list[Sample] = []
        self._parser = expat.ParserCreate()
        self._parser.StartElementHandler = self._started
        self._parser.EndElementHandler = self._ended
        self._parser.StartDoctypeDeclHandler = self._refuse

    def feed(self, chunk: bytes, start: int) -> None:
        """Parse on. Raises MalformedError; what stands before that can be taken."""
        self._parse(chunk, last=False)
        if start + len(chunk) - self._parser.CurrentByteIndex > _LONGEST_TAG:
            raise MalformedError("has a tag that is too long", self._parser.CurrentLineNumber)

    def end(self) -> None:
        """No more follows. Raises MalformedError where more should."""
        self._parse(b"", last=True)

    def taken(self) -> list[Sample]:
        """The samples met since the last call."""
        samples, self._samples = self._samples, []
        return samples

    def _parse(self, chunk: bytes, *, last: bool) -> None:
        try:
            self._parser.Parse(chunk, last)
        except expat.ExpatError as error:
            raise MalformedError(
                f"is not whole XML: {expat.errors.messages[error.code]}", error.lineno
            ) from error
        except (LookupError, ValueError) as error:  # an encoding that is none
            raise MalformedError(
                f"is not XML that can be read: {error}", self._parser.CurrentLineNumber
            ) from error

    def _started(self, name: str, attributes: Mapping[str, str]) -> None:
        self._depth += 1
        if self._depth > _DEEPEST:
            raise MalformedError("is nested too deeply", self._parser.CurrentLineNumber)
        if name in _SAMPLES:
            line = self._parser.CurrentLineNumber
            try:
                self._samples.append(_sample(attributes, line))
            except UnusableError as error:
                self._note(f"the {name} {error}", line)

    def _ended(self, _name: str) -> None:
        self._depth -= 1

    def _refuse(self, *_declaration: object) -> None:
        raise MalformedError("declares a document type, which no JTL has", self._parser.CurrentLineNumber)


def _sample(attributes: Mapping[str, str], line: int) -> Sample:
    """A sample in short names (since JMeter 2.1) or long ones (2.0)."""

    def value(short: str, long: str) -> str:
        return attributes.get(short, attributes.get(long, ""))

    return sample_of(
        label=value("lb", "label"),
        elapsed=value("t", "time"),
        started=value("ts", "timeStamp"),
        success=value("s", "success"),
        count=value("sc", "sampleCount"),
        reason=f"{value('rc', 'responseCode')} {value('rm', 'responseMessage')}".strip(),
        line=line,
    )
