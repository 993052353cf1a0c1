"""perfbench tells whether a change made a system that runs code for others slower, and why it thinks so."""

__version__ = "0.1.0"
