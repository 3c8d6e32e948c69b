"""Trials of the audit log and of what is written with it: `python -m tests.faults.audit`."""
