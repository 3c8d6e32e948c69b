"""Conductors (the worker, cases) and the books they use: settings, secrets, queue, accounting, people."""
