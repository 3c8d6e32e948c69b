"""The log's own affairs: its name, its key, its checkpoints, the change of its key."""
