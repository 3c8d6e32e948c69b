"""Definitions: YAML text becomes model values, with positions, expressions compiled, every problem reported at once."""
