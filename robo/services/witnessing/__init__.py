"""Logs that countersign each other's checkpoints: as a witness, as a log that asks its witnesses, and what a refusal
means (c2sp.org/tlog-witness)."""
