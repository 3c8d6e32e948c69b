"""What a step that signs in is told goes with the kind of its secret."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from robo.model.process import Process, Step
from robo.plan.problems import Problems
from robo.plan.steps import Actions, params_of, walk
from robo.sdk.action import ActionSpec

CODE = frozenset({"otp", "otp_button"})
TYPED = frozenset({"username", "password", "next", *CODE})


@dataclass(frozen=True, slots=True)
class Form:
    """The parameters that a kind needs, and those that mean nothing with it."""

    needs: tuple[str, ...] = ()
    odd: frozenset[str] = frozenset()


FORMS: Mapping[str, Form] = {
    "password": Form(("username", "password", "button"), CODE),
    "password+otp": Form(("username", "password", "button", "otp")),
    "certificate": Form(odd=TYPED),
    "attended": Form(odd=TYPED | {"button", "wrong"}),
}


def check_signins(process: Process, actions: Actions, problems: Problems) -> None:
    """Report sign-ins that lack what their secret needs, or have what it does not know."""
    _one_certificate(process, problems)
    _one_account(process, actions, problems)
    for step in walk(process.every_section):
        spec = actions.get(step.action)
        if spec is not None and spec.signs_in:
            _check(process, step, spec, problems)


def _one_certificate(process: Process, problems: Problems) -> None:
    """Whoever asks for a certificate is shown one, and nobody says which of two."""
    for name in [name for name, need in process.secrets.items() if need.kind == "certificate"][1:]:
        problems.report(
            "RB478",
            "a process shows one certificate to its hosts, and this is another",
            ("secrets", name),
            remedy="leave it out; applications that want another certificate are worked on in a process of their own",
        )


def _one_account(process: Process, actions: Actions, problems: Problems) -> None:
    """A run that has one account and waits for another, held by a run that waits for the first, waits for ever."""
    if process.sessions.account != "exclusive":
        return
    signing = [step for step in walk(process.every_section) if step.action in actions and actions[step.action].signs_in]
    named = {str(params_of(actions[step.action], step.params).get("secret", "")) for step in signing}
    if len(named) > 1:
        problems.report(
            "RB485",
            "an exclusive account, and sign-ins with %(secrets)s: two runs could wait for each other for ever",
            ("sessions", "account"),
            remedy="leave `account: exclusive` out, or work on the other application in a process of its own",
            secrets=", ".join(sorted(named)),
        )


def _check(process: Process, step: Step, spec: ActionSpec, problems: Problems) -> None:
    given = params_of(spec, step.params)
    need = process.secrets.get(str(given.get("secret", "")))
    if need is None:
        return
    form, path = FORMS[need.kind], (*step.path, step.action)
    lacking = [name for name in form.needs if name in spec.params.model_fields and name not in given]
    if lacking:
        problems.report(
            "RB475",
            "a sign-in with a secret of the kind %(type)s needs %(keys)s",
            path,
            remedy="name the field or button as the page does, or say another kind under `secrets`",
            type=need.kind,
            keys=", ".join(lacking),
        )
    for name in (name for name in given if name in form.odd):
        problems.report(
            "RB476",
            "%(key)s means nothing to a secret of the kind %(type)s",
            (*path, name),
            remedy="remove it, or say the kind: `secrets: {%(secret)s: {kind: …}}`",
            key=name,
            type=need.kind,
            secret=need.name,
        )
    if need.kind == "attended" and not step.expect:
        problems.report(
            "RB477",
            "nothing says when the person has signed in",
            path,
            remedy="say what the page shows then: `expect: {heading: …}`",
        )
