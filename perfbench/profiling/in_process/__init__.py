"""Recorders that run inside the profiled process.

Each is one file that the process loads by its path, on whatever Python (3.8 or newer) it has, and imports nothing but
the standard library. `start(options)` begins to record, `stop()` ends it, writes the files that the options name
and returns what is worth a manifest: at least `samples` and `notes`.
"""
