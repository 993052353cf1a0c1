"""Where time and memory go: profilers run, their files read, call trees compared."""
