"""The account that a region's robots write from: how it is read, what needs it, and which runs may write to people."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from robo.definition.region import read_region
from robo.errors import DefinitionError, UsageError
from robo.model.base import Environment
from robo.model.region import Keeper, MailAccount, Security
from robo.services.worker.requests import host_rules

HEAD = "robo: 1\nregion: ici\ntitle: Ici\n"
LEAST = "mail: {server: smtp.exemple.fr, from: robot@exemple.fr, domains: exemple.fr}\n"
SENDS = "steps:\n  - mail.send: a@exemple.fr\n"


def read(mail: str) -> MailAccount:
    account = read_region((HEAD + mail).encode(), "ici.yaml", "ici").mail
    assert account is not None
    return account


def problems(mail: str) -> list[tuple[str, str]]:
    with pytest.raises(DefinitionError) as caught:
        read_region((HEAD + mail).encode(), "ici.yaml", "ici")
    return [(found.code, found.line.strip()) for found in caught.value.diagnostics]


def test_an_account_says_little_and_is_protected() -> None:
    account = read(LEAST)
    assert (account.port, account.security, account.secret) == (587, Security.STARTTLS, None)
    assert (account.environment, account.redirect_all_to) == (Environment.TEST, ())
    assert (account.sender, account.name, account.domains, account.region) == (
        "robot@exemple.fr",
        "",
        ("exemple.fr",),
        "ici",
    )


@pytest.mark.parametrize(("security", "port"), [("tls", 465), ("none", 25), ("starttls", 587)])
def test_each_protection_has_its_usual_port(security: str, port: int) -> None:
    assert read(LEAST.replace("}", f", security: {security}}}")).port == port


def test_everything_may_be_said() -> None:
    account = read("""mail:
  server: smtp.exemple.fr
  port: 2525
  security: tls
  from: Robot des visas <robot@exemple.fr>
  secret: messagerie
  domains: [Exemple.fr, "*.gouv.exemple"]
  environment: production
  redirect_all_to: [a@exemple.fr, b@exemple.fr]
  why: le compte du service
""")
    assert (account.name, account.sender, account.port) == ("Robot des visas", "robot@exemple.fr", 2525)
    assert account.domains == ("exemple.fr", "*.gouv.exemple")
    assert account.redirect_all_to == ("a@exemple.fr", "b@exemple.fr")
    assert account.environment is Environment.PRODUCTION


@pytest.mark.parametrize(
    ("said", "wrong"),
    [
        ("server: https://smtp.exemple.fr", "RB201"),
        ("port: 70000", "RB201"),
        ("security: ssl", "RB201"),
        ("from: robot", "RB201"),
        ("domains: [exemple]", "RB201"),
        ("redirect_all_to: essais", "RB201"),
        ("environment: prod", "RB201"),
        ("passwort: x", "RB203"),
        ("mailbox: INBOX", "RB204"),
    ],
)
def test_what_is_wrong_is_told_at_its_line(said: str, wrong: str) -> None:
    whole = {"server": "smtp.exemple.fr", "from": "robot@exemple.fr", "domains": "[exemple.fr]"}
    key, _, value = said.partition(": ")
    lines = "".join(f"  {name}: {text}\n" for name, text in (whole | {key: value}).items())
    assert problems(f"mail:\n{lines}") == [(wrong, said)]


def test_what_is_lacking_is_told_at_once() -> None:
    assert [code for code, _ in problems("mail: {}\n")] == ["RB202", "RB202", "RB202"]


@pytest.mark.parametrize("server", ["smtp.exemple.fr", "10.0.0.1"])
def test_a_password_never_travels_in_the_clear(server: str) -> None:
    mail = f"mail: {{server: {server}, from: a@exemple.fr, domains: a.fr, security: none, secret: m}}\n"
    assert [code for code, _ in problems(mail)] == ["RB201"]
    assert read(mail.replace(server, "127.0.0.1")).secret == "m"


BOX = LEAST.replace("}", ", secret: m, mailbox: {server: imap.exemple.fr%s}}")


def test_a_mailbox_says_little_and_is_signed_in_like_the_account() -> None:
    box = read(BOX % "").mailbox
    assert box is not None
    assert (box.port, box.security, box.secret, box.sent, box.kept_by) == (993, Security.TLS, "m", None, None)
    box = read(BOX % ", port: 1143, security: starttls, secret: lecture, sent: Envoyés, kept_by: server").mailbox
    assert box is not None
    assert (box.port, box.security, box.secret) == (1143, Security.STARTTLS, "lecture")
    assert (box.sent, box.kept_by, box.region) == ("Envoyés", Keeper.SERVER, "ici")


@pytest.mark.parametrize(
    ("more", "code"),
    [
        (", security: none", "RB201"),
        (", kept_by: robo", "RB202"),
        (", sent: Envoyés, kept_by: nobody", "RB201"),
        (", folder: INBOX", "RB203"),
        (", port: 0", "RB201"),
    ],
)
def test_what_is_wrong_with_a_mailbox_is_told(more: str, code: str) -> None:
    assert [found for found, _ in problems(BOX % more)] == [code]


def test_a_mailbox_needs_a_secret_somewhere() -> None:
    assert [code for code, _ in problems(BOX.replace(", secret: m", "") % "")] == ["RB202"]


def test_a_plan_that_writes_has_the_secret_of_the_mailbox_too(bench: Any) -> None:
    plan = bench.plan(SENDS, region=HEAD + BOX % ", secret: lecture")
    assert {"m", "lecture"} <= set(plan.secrets)


def test_an_action_that_needs_the_account_says_what_to_write_where(bench: Any) -> None:
    told = bench.messages(SENDS, region=HEAD)
    assert "RB480" in told
    assert "in ici.yaml: mail: {server: smtp.exemple.fr" in told
    assert bench.plan(SENDS).mail is None


def test_a_plan_has_the_account_and_its_secret_only_if_it_writes(bench: Any) -> None:
    region = HEAD + LEAST.replace("}", ", secret: messagerie}")
    plan = bench.plan(SENDS, region=region)
    assert (plan.mail.sender, "messagerie" in plan.secrets) == ("robot@exemple.fr", True)
    other = bench.plan(bench.created, region=region)
    assert (other.mail, "messagerie" in other.secrets) == (None, False)


def test_another_account_is_another_plan(bench: Any) -> None:
    one, two = (bench.plan(SENDS, region=HEAD + LEAST.replace("robot@", who)) for who in ("robot@", "autre@"))
    assert one.digest != two.digest


def account(**more: Any) -> MailAccount:
    return read(LEAST).model_copy(update=more)


PRODUCTION = {"https://a.exemple": Environment.PRODUCTION}
TEST = {"https://a.exemple": Environment.TEST}
INPUTS = {"inputs": {"portal": "https://a.exemple", "export": "", "quiet": ""}}


@pytest.mark.parametrize(
    ("grants", "mail", "made"),
    [
        (PRODUCTION, Environment.PRODUCTION, Environment.PRODUCTION),
        (TEST, Environment.PRODUCTION, Environment.TEST),
        (TEST, Environment.TEST, Environment.TEST),
        (None, Environment.PRODUCTION, Environment.PRODUCTION),
        (None, Environment.TEST, Environment.TEST),
    ],
)
def test_a_run_that_writes_is_production_only_if_hosts_and_account_are(
    bench: Any, grants: Any, mail: Environment, made: Environment
) -> None:
    where = account(environment=mail, redirect_all_to=("essais@exemple.fr",))
    plan = replace(bench.plan(SENDS), mail=where, grants=grants or {})
    plan = plan if grants else replace(plan, hosts=())
    assert host_rules(plan, INPUTS, None)[1] is made


def test_a_production_host_and_an_account_for_trials_do_not_go_together(bench: Any) -> None:
    plan = replace(bench.plan(SENDS), mail=account(redirect_all_to=("e@exemple.fr",)), grants=PRODUCTION)
    with pytest.raises(UsageError) as caught:
        host_rules(plan, INPUTS, None)
    assert caught.value.code == "RB511"


def test_a_trial_that_writes_says_where_its_mails_go(bench: Any) -> None:
    plan = replace(bench.plan(SENDS), mail=account(), grants=TEST)
    with pytest.raises(UsageError) as caught:
        host_rules(plan, INPUTS, None)
    assert (caught.value.code, caught.value.place) == ("RB513", "config/regions/.yaml")
    host_rules(replace(plan, mail=account(practice=True)), INPUTS, None)


def test_the_hosts_of_a_run_say_which_may_lead_inside_a_network(bench: Any) -> None:
    region = HEAD + "grants: {hosts: {https://a.exemple: {environment: test, private: yes}}}\n"
    plan = bench.plan(bench.created, region=region)
    ((rule,), _) = host_rules(plan, INPUTS, None)
    assert (rule.origin, rule.private) == ("https://a.exemple", True)
