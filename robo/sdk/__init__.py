"""The only door for runner authors: actions, targets, sessions, results, and the contract suite every guest passes."""
