"""CI is told by the variables that its services set."""

from __future__ import annotations

import pytest

from perfbench.continuous_integration import detected


@pytest.mark.parametrize(
    ("environment", "said"),
    [
        ({}, None),
        ({"CI": "true"}, "CI"),
        ({"CI": "1"}, "CI"),
        ({"CI": "woodpecker"}, "CI"),
        ({"CI": ""}, None),
        ({"CI": "0"}, None),
        ({"CI": "False"}, None),
        ({"GITHUB_ACTIONS": "true"}, "GITHUB_ACTIONS"),
        ({"GITHUB_ACTIONS": "false"}, None),
        ({"JENKINS_URL": "https://ci.example.org/"}, "JENKINS_URL"),
        ({"TF_BUILD": "True"}, "TF_BUILD"),
        # The user's own word counts before what the service says.
        ({"CI": "false", "GITHUB_ACTIONS": "true"}, None),
        ({"CIVIL": "true"}, None),
    ],
)
def test_what_tells_of_ci(environment: dict[str, str], said: str | None) -> None:
    assert detected(environment) == said
