"""The box: a process of its own, with limits, that is the only place where the bytes of a stranger's file are parsed.

It imports neither robo nor the rest of this package, so it starts in some twenty milliseconds.
"""
