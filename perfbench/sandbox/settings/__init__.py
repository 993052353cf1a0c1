"""What the sandbox runner is told: typed settings with defaults, from files and the environment."""

from perfbench.sandbox.settings.schema import SCHEMA, Option, Value
from perfbench.sandbox.settings.settings import ENVIRONMENT_PREFIX, Settings

__all__ = ["ENVIRONMENT_PREFIX", "SCHEMA", "Option", "Settings", "Value"]
