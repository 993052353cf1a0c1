from __future__ import annotations

from pathlib import Path

import pytest

from perfbench.commands import checks
from perfbench.commands.checks import Answers, ask, check_functions, judged_rows
from perfbench.config_harness import Check
from perfbench.errors import ConfigError, ExitCode
from perfbench.judged import Results
from perfbench.model import BenchmarkId, Finding, Outcome, SideSummary, Verdict
from tests.analysis.samples import ENVIRONMENT, TIME, measurement


def answers(folder: Path, body: str, *, name: str = "") -> Answers:
    """What a rule with this body says of one row whose head takes half a second."""
    lines = "".join(f"    {line}\n" for line in body.splitlines())
    (folder / "rules.py").write_text(f"def rule(results):\n{lines}")
    row = BenchmarkId("suite", "api.parse")
    verdict = Verdict(row, TIME, Outcome.PASSED, "", "", value=0.5)
    rows = judged_rows([verdict], [], [measurement([[0.5], [0.6]], benchmark=row)])
    results = Results("run", None, SideSummary("head", "abc"), rows, ENVIRONMENT)
    return ask([Check("rules", "rule", name, "perfbench.toml:1")], folder, results)


def sentences(found: Answers) -> list[str]:
    assert found.fault is None, found.fault
    return [finding.message for finding in found.findings]


@pytest.mark.parametrize(
    "body", ["pass", "return None", "return ''", "return []", "return ['']", "assert True"]
)
def test_a_rule_that_has_nothing_to_say_passes(tmp_path: Path, body: str) -> None:
    assert sentences(answers(tmp_path, body)) == []


def test_a_sentence_is_a_finding_that_names_the_function(tmp_path: Path) -> None:
    found = answers(tmp_path, "return f'parse takes {results.row(\"api.parse\").head_median} s'")
    assert found.findings == (Finding("check", "parse takes 0.5 s", "rules:rule"),)


def test_a_rule_sees_the_samples(tmp_path: Path) -> None:
    assert sentences(answers(tmp_path, "return str(results.rows[0].head_values)")) == ["(0.5, 0.6)"]


def test_a_rule_may_have_a_name(tmp_path: Path) -> None:
    assert sentences(answers(tmp_path, "return 'too slow'", name="p95")) == ["p95: too slow"]


@pytest.mark.parametrize(
    "body", ["return ['one', 'two']", "yield 'one'\nyield 'two'", "return ('one', 'two')"]
)
def test_several_sentences_are_several_findings(tmp_path: Path, body: str) -> None:
    assert sentences(answers(tmp_path, body)) == ["one", "two"]


def test_an_assertion_is_a_finding_by_its_words_or_by_its_line(tmp_path: Path) -> None:
    assert sentences(answers(tmp_path, "assert 1 > 2, 'one is not more'")) == ["one is not more"]
    assert sentences(answers(tmp_path, "assert 1 > 2")) == ["rules.py:2: assert 1 > 2"]


def test_a_helper_in_the_same_repository_can_be_imported(tmp_path: Path) -> None:
    (tmp_path / "words.py").write_text("SLOW = 'too slow'\n")
    assert sentences(answers(tmp_path, "import words\nreturn words.SLOW")) == ["too slow"]


def test_what_a_rule_prints_is_shown_and_disturbs_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert sentences(answers(tmp_path, "print('looking')\nreturn 'too slow'")) == ["too slow"]
    shown = capsys.readouterr()
    assert (shown.out, shown.err) == ("", "looking\n")


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ("return 1 / 0", "rules.py:2: ZeroDivisionError: division by zero"),
        ("return results.row('other')", "rules.py:2: KeyError: \"no row 'other' was measured\""),
        ("return 3", "it returned 3, not None, a sentence or a list of sentences"),
        ("return True", "it returned True"),
        ("return [1]", "it returned 1"),
        ("raise SystemExit(0)", "rules.py:2: SystemExit: 0"),
        ("import os\nos._exit(0)", "its process ended without an answer"),
        ("import os\nos._exit(5)", "its process ended with exit code 5"),
        ("import os\nos.kill(os.getpid(), 9)", "its process was killed by SIGKILL"),
    ],
)
def test_an_error_in_a_rule_names_function_and_line_and_is_exit_2(
    tmp_path: Path, body: str, told: str
) -> None:
    fault = answers(tmp_path, body).fault
    assert fault is not None
    assert f"check rules:rule failed: {told}" in str(fault)
    assert fault.exit_code == ExitCode.USAGE


def test_a_rule_that_does_not_answer_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checks, "SECONDS", 1.0)
    fault = answers(tmp_path, "while True: pass").fault
    assert "its process ran past its timeout of 1 s" in str(fault)


def test_sentences_without_an_end_are_cut_off(tmp_path: Path) -> None:
    assert len(sentences(answers(tmp_path, "while True: yield 'again'"))) == 100


def test_a_long_sentence_is_one_line_of_bounded_length(tmp_path: Path) -> None:
    (told,) = sentences(answers(tmp_path, "return 'x\\n\\x1b[2J' + 'y' * 10_000"))
    assert len(told) <= 300
    assert told.isprintable()


def test_one_rule_that_fails_leaves_the_others_their_say(tmp_path: Path) -> None:
    (tmp_path / "rules.py").write_text("def bad(r): 1 / 0\ndef good(r): return 'too slow'\n")
    results = Results("run", None, SideSummary("head", "abc"), (), ENVIRONMENT)
    found = ask([Check("rules", "bad"), Check("rules", "good")], tmp_path, results)
    assert "ZeroDivisionError" in str(found.fault)
    assert [finding.message for finding in found.findings] == ["too slow"]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "there is no function rule in rules"),
        ("rule = 3\n", "there is no function rule in rules"),
        ("import no_such_module\n", "rules.py:1: ModuleNotFoundError"),
        ("def rule(:\n", "rules.py:1: invalid syntax"),
    ],
)
def test_a_function_that_is_not_there_is_refused_before_anything_is_measured(
    tmp_path: Path, text: str, told: str
) -> None:
    (tmp_path / "rules.py").write_text(text)
    with pytest.raises(ConfigError) as refused:
        check_functions([Check("rules", "rule", "", "perfbench.toml:7")], tmp_path)
    assert str(refused.value).startswith("perfbench.toml:7: check rules:rule: ")
    assert told in str(refused.value)


def test_a_module_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="No module named 'nowhere'"):
        check_functions([Check("nowhere", "rule", "", "perfbench.toml:7")], tmp_path)


def test_nothing_is_left_in_the_users_tree(tmp_path: Path) -> None:
    answers(tmp_path, "return 'too slow'")
    assert [path.name for path in tmp_path.iterdir()] == ["rules.py"]
