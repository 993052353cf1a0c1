"""HOW a number is taken: discovery, the worker, paired rounds, the two sides."""
