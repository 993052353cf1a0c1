"""The site of a history: pages that need no server and no network, a feed of alerts, and asv's own site beside."""
