"""Numbers at rest: result files, foreign formats, baselines."""
