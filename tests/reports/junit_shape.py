"""The shape of JUnit XML that Jenkins' xunit plugin takes (junit-10.xsd), as far as reports go."""

from __future__ import annotations

import re
from xml.etree import ElementTree

RESULTS = {"skipped", "error", "failure", "system-out", "system-err"}
CHILDREN = {
    "testsuites": {"testsuite"},
    "testsuite": {"properties", "testcase"},
    "properties": {"property"},
    "property": set[str](),
    "testcase": RESULTS,
    **{tag: set[str]() for tag in RESULTS},
}
REQUIRED = {
    "testsuite": {"name", "tests", "failures", "errors"},
    "testcase": {"name"},
    "property": {"name", "value"},
}
ALLOWED = {
    "testsuites": {"name", "time", "tests", "failures", "errors"},
    "testsuite": {*REQUIRED["testsuite"], "time", "skipped", "timestamp", "hostname"},
    "testcase": {"name", "classname", "time"},
    "property": REQUIRED["property"],
    **{tag: {"type", "message"} for tag in ("skipped", "error", "failure")},
}
TIME = re.compile(r"\d+(\.\d+)?")


def assert_shape(element: ElementTree.Element) -> None:
    """The element and all below it are what the plugin knows, and the counts are right."""
    names = set(element.attrib)
    assert REQUIRED.get(element.tag, set()) <= names <= ALLOWED.get(element.tag, set())
    assert {child.tag for child in element} <= CHILDREN[element.tag]
    assert TIME.fullmatch(element.get("time", "0"))
    for attribute, tag in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
        if attribute in names:
            assert int(element.attrib[attribute]) == sum(1 for _ in element.iter(tag))
    if "tests" in names:
        assert int(element.attrib["tests"]) == sum(1 for _ in element.iter("testcase"))
    for child in element:
        assert_shape(child)
