"""One database, one module per book: runs, items, attempts, journal, audit, ledger. Every change is one transaction."""
