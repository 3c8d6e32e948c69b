"""Frozen values: process, region, run, item, journal, ledger, audit events. No I/O, no clock."""
