"""Numbers to judgement: pure functions over arrays and frozen dataclasses."""
