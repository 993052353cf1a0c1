"""asv's own site of a history: its page as it comes with asv, made to work offline, over data written here."""
