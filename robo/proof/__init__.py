"""What an auditor reads and recomputes without trusting us. Imports nothing of ours but errors."""
