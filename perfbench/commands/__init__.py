"""One file per sub-command: parse, call, report, exit."""
