"""A fictional préfecture portal to learn, demonstrate and test against. Everything in it is invented.

Read README.md of this folder. It stands apart from the rest of robo: only `app`, `cli` and tests import it.
"""

from robo.sandbox.faults import Fault
from robo.sandbox.handle import RunningSandbox, spawn, start
from robo.sandbox.records import Dossier, Draft, Effect, Received
from robo.sandbox.shelves import Record

__all__ = ["Dossier", "Draft", "Effect", "Fault", "Received", "Record", "RunningSandbox", "spawn", "start"]
