"""`robo audit`: the log that cannot be rewritten quietly."""

from __future__ import annotations

from robo.cli import audit_sealing, audit_witness, retention
from robo.cli.here import noun
from robo.cli.language import _

app = noun(_("The audit log."))
app.add_typer(audit_sealing.app)
app.add_typer(retention.app)
app.add_typer(audit_witness.app, name="witness")
