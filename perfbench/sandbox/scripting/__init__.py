"""Script engines behind one Protocol (`engine.py`), one a file; here they are found by name.

with open_engine("quickjs") as engine:
    engine.register("x", 6)
    engine.execute("x * 7")
"""

from perfbench.sandbox.scripting.engine import Engine, Program, ScriptLimits, Source, Value
from perfbench.sandbox.scripting.interpreters import NAMES
from perfbench.sandbox.scripting.opening import DEFAULT, availability, open_engine
from perfbench.sandbox.scripting.runtime import ScriptRuntime
from perfbench.sandbox.scripting.simple import SIMPLE, SIMPLE_VALUE

__all__ = [
    "DEFAULT",
    "NAMES",
    "SIMPLE",
    "SIMPLE_VALUE",
    "Engine",
    "Program",
    "ScriptLimits",
    "ScriptRuntime",
    "Source",
    "Value",
    "availability",
    "open_engine",
]
