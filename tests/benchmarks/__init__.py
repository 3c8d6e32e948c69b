"""Benchmarks: robo beside its raw twin in one run, interleaved, medians and ratios."""
