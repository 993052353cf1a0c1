"""From a history to alerts that are shown, written and sent, each of them as news once."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import click

from perfbench.analysis.alerts import by_commit, remembered
from perfbench.commands.history_place import HistoryPlace, history_place
from perfbench.commands.history_source import Wanted, history_report
from perfbench.commands.options import writable
from perfbench.commands.told_alerts import read_told, telling, write_told
from perfbench.commands.webhook import Target, post, target_of
from perfbench.errors import ExitCode, PerfbenchError
from perfbench.model import Problem
from perfbench.model_history import Alert, HistoryReport
from perfbench.reports.names import plain

MOST_PROBLEMS = 5
"""So many problems of the history are said here; `history show` has all of them."""


@dataclass(frozen=True, slots=True)
class Telling:
    """What is asked for: which series, which files by their form, and whether the webhook is told.

    `everything` asks for accepted, recovered and told alerts as well. Raises UsageError where a file has no folder.
    """

    wanted: Wanted
    folder: Path | None
    files: Mapping[str, Path]
    everything: bool = False
    webhook: bool = False

    def __post_init__(self) -> None:
        for path in self.files.values():
            writable(path)

    @property
    def is_news(self) -> bool:
        """Whether something is told that nobody wants to hear twice."""
        return self.webhook or "markdown" in self.files


def tell(asked: Telling) -> ExitCode:
    """Show the alerts, write the files, tell the webhook, and keep in mind what was told.

    Raises as `history_report` does, UsageError for a webhook that is not configured, WebhookError where it was not
    told, and PerfbenchError for a file that cannot be written; nothing is remembered as told then.
    """
    place = history_place(asked.folder)
    target = target_of(place.config.history.webhook) if asked.webhook else None
    with _memory(place, asked):
        told, damage = read_told(place.folder)
        report = history_report(place.root, asked.wanted, folder=asked.folder, already_told=told)
        alerts = [alert for one in report.reports for alert in one.alerts]
        _complain(damage, report.problems)
        _show(alerts, asked)
        news = [alert for alert in alerts if alert.is_open and not alert.told]
        _write(report, alerts, news, asked)
        if asked.is_news:
            delivered: list[str] = []
            try:
                _send(report, news, target)
                delivered = [alert.id for alert in news]
            finally:
                write_told(place.folder, remembered(alerts, told, delivered))
    return ExitCode.REGRESSED if any(alert.is_open for alert in alerts) else ExitCode.PASSED


@contextlib.contextmanager
def _memory(place: HistoryPlace, asked: Telling) -> Iterator[None]:
    """Keep others from telling at the same time, where this run tells."""
    if not asked.is_news:
        yield
        return
    if place.url:
        place.folder.mkdir(parents=True, exist_ok=True)  # the index is elsewhere, the memory is not
    if not place.folder.is_dir():
        yield  # there is no history, as is said next
        return
    with telling(place.folder):
        yield


def _show(alerts: Sequence[Alert], asked: Telling) -> None:
    from perfbench.reports import alert_terminal  # noqa: PLC0415
    from perfbench.reports.sheets import sheet  # noqa: PLC0415

    shown = [alert for alert in alerts if alert.is_open or asked.everything]
    alert_terminal.render(alerts, by_commit(shown), sheet(sys.stdout))
    sys.stdout.flush()


def _write(report: HistoryReport, alerts: Sequence[Alert], news: Sequence[Alert], asked: Telling) -> None:
    """The files; one that cannot be written costs no other. Raises PerfbenchError for such a one at the end."""
    failures = []
    for form, path in asked.files.items():
        try:
            path.write_text(_WRITERS[form](report, alerts, news, asked.everything), encoding="utf-8")
        except OSError as error:
            failures.append(f"cannot write {path}: {error.strerror or error}")
    if failures:
        raise PerfbenchError("; ".join(failures), "name another file; nothing counts as told")


def _send(report: HistoryReport, news: Sequence[Alert], target: Target | None) -> None:
    if target is None or not news:
        return
    from perfbench.reports import alert_message  # noqa: PLC0415

    message = alert_message.render(report.project, by_commit(news), report.created, report.version)
    post(target, message.encode())
    click.echo(f"perfbench: told the webhook in {target.name} of {len(news)} alerts", err=True)


def _complain(damage: str, problems: Sequence[Problem]) -> None:
    """What is wrong, but stops nothing, on stderr."""
    said = [damage] if damage else []
    said += [f"{problem.path}: {problem.message}" for problem in problems[:MOST_PROBLEMS]]
    if len(problems) > MOST_PROBLEMS:
        said.append(f"{len(problems) - MOST_PROBLEMS} more problems; perfbench history show lists them")
    for text in said:
        click.echo(f"perfbench: {plain(text)}", err=True)


def _json(report: HistoryReport, alerts: Sequence[Alert], _news: Sequence[Alert], everything: bool) -> str:
    from perfbench.reports.site import alert_list  # noqa: PLC0415

    shown = [alert for alert in alerts if alert.is_open or everything]
    return alert_list.render(report.project, shown, report.created, report.version)


def _atom(report: HistoryReport, alerts: Sequence[Alert], _news: Sequence[Alert], everything: bool) -> str:
    from perfbench.reports.site import atom  # noqa: PLC0415

    shown = [alert for alert in alerts if alert.is_open or everything]
    return atom.render(report.project, shown, report.created)


def _markdown(report: HistoryReport, alerts: Sequence[Alert], news: Sequence[Alert], everything: bool) -> str:
    from perfbench.reports import alert_markdown  # noqa: PLC0415

    before = 0 if everything else sum(alert.is_open for alert in alerts) - len(news)
    groups = by_commit(alerts if everything else news)
    return alert_markdown.render(report.project, groups, told_before=before, commit_url=report.commit_url)


_WRITERS: Mapping[str, Callable[[HistoryReport, Sequence[Alert], Sequence[Alert], bool], str]] = {
    "json": _json,
    "markdown": _markdown,
    "atom": _atom,
}
