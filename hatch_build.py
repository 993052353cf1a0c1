"""What the build does beside packing: the scripts of asv's own site become package data.

Where they cannot be had (no npm, no registry) the build goes on without them, and says so; `perfbench history
publish` then leaves asv's site out. What is installed only to be measured (asv and `perfbench check` set ASV_ENV_DIR
then) publishes nothing, and goes without.
"""

from __future__ import annotations

import importlib.util
import os
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class VendorScripts(BuildHookInterface):  # type: ignore[type-arg]
    """Fills perfbench/reports/asv_site/vendor before the wheel is packed."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:  # noqa: ARG002
        """Get the scripts, if they are not there."""
        if "ASV_ENV_DIR" in os.environ:
            return
        path = Path(self.root) / "tools" / "vendor_scripts.py"
        spec = importlib.util.spec_from_file_location("vendor_scripts", path)
        if spec is None or spec.loader is None or not path.is_file():
            return
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        try:
            module.vendor()
        except module.NotVendoredError as error:
            self.app.display_warning(f"asv's own site will be left out of published histories: {error}")
