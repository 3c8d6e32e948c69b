"""The ways to die. Each starts robo, breaks something and says whether it struck; rest is somebody else's business."""

from __future__ import annotations

import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from robo.sandbox.handle import spawn
from tests.faults import processes

if TYPE_CHECKING:
    from tests.faults.trial import Trial

Robo = subprocess.Popen[bytes]


def at_point(trial: Trial) -> bool:
    """SIGKILL at the n-th arrival at a named point."""
    robo = trial.start(crash=f"{trial.plan.kind}:{trial.plan.nth}")
    return trial.finish(robo) == -signal.SIGKILL


def at_random(trial: Trial) -> bool:
    return _killed(trial.start(), trial.plan.moments[0])


def twice(trial: Trial) -> bool:
    """Killed, and killed again while it resumes."""
    first = at_random(trial)
    return _killed(trial.start(resume=trial.first_run()), trial.plan.moments[1]) or first


def zombie(trial: Trial) -> bool:
    """Stopped before or after an effect; somebody else takes over past `act_by`; then the first one wakes up."""
    plan = trial.plan
    robo = trial.start(crash=f"{plan.at}:{plan.nth}:STOP")
    processes.await_that(lambda: robo.poll() is not None or processes.is_stopped(robo.pid), trial.patience)
    stopped = robo.poll() is None and processes.is_stopped(robo.pid)
    if stopped:
        trial.finish(trial.start(resume=trial.first_run()))
        processes.send(robo.pid, signal.SIGCONT)
    trial.finish(robo)
    return stopped


def two(trial: Trial) -> bool:
    """Two robos at once, on one run or with two runs of one workbook; one of them is killed."""
    first = trial.start()
    processes.await_that(lambda: bool(trial.first_run()) or first.poll() is not None, trial.patience)
    second = trial.start(resume=trial.first_run() if trial.plan.variant % 2 else "")
    victim, other = (first, second) if trial.plan.variant % 4 < 2 else (second, first)
    struck = _killed(victim, trial.plan.moments[0])
    trial.finish(other)
    return struck


def browser(trial: Trial) -> bool:
    """The browser, or one of its pages, is killed or stands still for three seconds; robo is left alone."""
    robo = trial.start()
    kind = ("", "renderer", "")[trial.plan.variant % 3]

    def wanted() -> list[int]:
        return [pid for pid, type_ in processes.browser_of(robo.pid) if type_ == kind]

    processes.await_that(lambda: bool(wanted()) or robo.poll() is not None, trial.patience)
    time.sleep(trial.plan.moments[0] / 2)
    victims = wanted()
    for pid in victims[-1:]:
        if trial.plan.variant % 3 == 2:
            processes.send(pid, signal.SIGSTOP)
            time.sleep(3)
            processes.send(pid, signal.SIGCONT)
        else:
            processes.send(pid, signal.SIGKILL)
    trial.finish(robo)
    return bool(victims)


def portal(trial: Trial) -> bool:
    """The portal is killed in the middle of a run and comes back a moment later with what it had accepted."""
    robo = trial.start()
    time.sleep(trial.plan.moments[0])
    before, struck = trial.portal, robo.poll() is None
    assert before.process is not None
    before.process.kill()
    before.stop()
    time.sleep(0.2 + trial.plan.variant / 10)
    port = int(before.url.rpartition(":")[2].strip("/"))
    trial.portal = spawn(before.database, port=port, accounts=before.accounts)
    trial.portal.faults.accept_duplicates()
    trial.finish(robo)
    return struck


def _killed(robo: Robo, seconds: float) -> bool:
    """SIGKILL after so many seconds; False when it had ended by itself."""
    try:
        robo.wait(seconds)
    except subprocess.TimeoutExpired:
        robo.kill()
    return robo.wait() == -signal.SIGKILL


def clean_up(folder: Path) -> int:
    """End what this trial's processes left behind; how many there were five seconds after the last robo ended."""
    processes.await_that(lambda: not processes.of_project(folder), 5)
    left = processes.of_project(folder)
    for pid in left:
        processes.send(pid, signal.SIGKILL)
    return len(left)


WAYS: dict[str, Callable[[Trial], bool]] = {
    "random": at_random,
    "twice": twice,
    "zombie": zombie,
    "two": two,
    "browser": browser,
    "portal": portal,
}
