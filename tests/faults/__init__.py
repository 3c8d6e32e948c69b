"""Fault trials: the real robo, the real portal, a real death; then the invariants against the truth journal."""
