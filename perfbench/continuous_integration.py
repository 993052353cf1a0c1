"""Whether this runs in continuous integration, where nobody waits long for an answer."""

from __future__ import annotations

from collections.abc import Mapping

VARIABLE = "CI"
"""What nearly every service sets. It decides alone where it is set: `CI=false` switches all of this off."""

SERVICES = (
    "GITHUB_ACTIONS", "GITLAB_CI", "JENKINS_URL", "BUILDKITE", "TF_BUILD", "CIRCLECI", "TRAVIS", "APPVEYOR",
    "TEAMCITY_VERSION", "BITBUCKET_BUILD_NUMBER", "CODEBUILD_BUILD_ID", "DRONE",
)  # fmt: skip
"""What services set of their own."""

_NO = frozenset({"", "0", "false", "no", "off"})


def detected(environment: Mapping[str, str]) -> str | None:
    """The variable that says so; None where it is no CI."""
    if VARIABLE in environment:
        return VARIABLE if _says_yes(environment[VARIABLE]) else None
    return next((name for name in SERVICES if _says_yes(environment.get(name, ""))), None)


def _says_yes(value: str) -> bool:
    return value.strip().lower() not in _NO
