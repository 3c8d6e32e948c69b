"""The worker: opens runs, claims attempts, executes items in slots, keeps its lease alive, sweeps what others left."""
