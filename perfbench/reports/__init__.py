"""Judgement to reader. Nothing here computes."""
