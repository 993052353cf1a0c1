"""Reads JMeter's result logs (JTL), CSV and XML: the samples of each label, and the share that failed.

Fields and attributes are those of https://jmeter.apache.org/usermanual/listeners.html.
"""

from __future__ import annotations

from perfbench.results import jtl_csv, jtl_xml
from perfbench.results.document import Document
from perfbench.results.gathering import Gathering
from perfbench.results.result_file import ResultFile
from perfbench.results.sampled import result_of

NAME = "JMeter JTL (CSV or XML)"


def recognises(document: Document) -> bool:
    """Whether the file begins as a JTL does: with `testResults`, or with columns that are JMeter's."""
    return jtl_xml.recognises(document.data) or jtl_csv.recognises(document.data)


def read(document: Document) -> ResultFile:
    """The whole file as the side `head`, a row for each label. A file that breaks off gives what stands before that."""
    gathering = Gathering(document.path)
    kind = jtl_xml if jtl_xml.recognises(document.data) else jtl_csv
    return result_of(kind.samples(document.data, gathering.note), gathering)
