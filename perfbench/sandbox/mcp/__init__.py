"""The sandbox runner as tools of the Model Context Protocol: `python -m perfbench.sandbox.mcp`.

A model's program (the client) starts it and speaks to it over stdin and stdout, or reaches it by HTTP.
"""
