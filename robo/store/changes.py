"""What runs here is not what ran here before: noticed when a run is created, by its plan's digest."""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import bindparam, select

from robo.model.audit import EventType
from robo.model.run import NewRun
from robo.store import audit
from robo.store.clock import Tx
from robo.store.tables import runs

SOURCES: Final = "sources"
"""Among the options of a run: the texts it was made of, `region` and the files of the process by their names."""
_REGION: Final = "region"
_LAST: Final = (
    select(runs.c.id, runs.c.digest)
    .where(runs.c.process == bindparam("of_process"), runs.c.region == bindparam("of_region"))
    .order_by(runs.c.created.desc(), runs.c.id.desc())
    .limit(1)
)
_OPTIONS: Final = select(runs.c.options).where(runs.c.id == bindparam("of_run"))


def since_the_last_run(tx: Tx, new: NewRun, *, actor: str, cause: str) -> list[audit.Unwritten]:
    """The events of a run that is about to be created (`cause`): none where the last one of its process here had the
    same plan. What changed is told by the texts of both; where neither did, robo itself reads them otherwise now."""
    last = tx.execute(_LAST, {"of_process": new.process, "of_region": new.region}).one_or_none()
    if last is not None and last.digest == new.digest:
        return []
    before = tx.execute(_OPTIONS, {"of_run": last.id}).scalar_one() if last else {}
    process, region = _apart(new.options)
    process_before, region_before = _apart(before)
    what = {"process": new.process, "version": new.version}
    data = {**what, "digest": new.digest, "before": last.digest if last else ""}
    found = []
    overlaid = last is not None and region != region_before
    if process != process_before or not overlaid:
        kind = EventType.DEFINITION_CHANGED
        found.append(audit.entry(tx, kind, new.region, actor, new.process, cause, data))
    if overlaid:
        kind = EventType.OVERLAY_CHANGED
        found.append(audit.entry(tx, kind, new.region, actor, new.process, cause, data))
    return found


def _apart(options: Any) -> tuple[dict[str, str], str]:
    """The texts of the process, and that of the region."""
    texts = dict(options.get(SOURCES, {}))
    region = texts.pop(_REGION, "")
    return texts, region
