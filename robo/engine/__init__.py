"""Executes one attempt of one item: sessions, segments, the once protocol, evidence. Async. Knows ports only."""
