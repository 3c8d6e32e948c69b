"""What goes wrong with requests, in errors a person can act on. Every message of this runner is in this module."""

from __future__ import annotations

from collections.abc import Sequence

from robo.sdk.errors import (
    CredentialsRefused,
    DeadlinePassed,
    Failure,
    PageError,
    PortalDown,
    Rejection,
    SessionLost,
    TimedOut,
    UndeclaredEffect,
    UsageError,
)
from robo.sdk.runner import Call

NO_WAY = "no connection"
"""A cause that no system says."""


class AddressRefused(Failure):
    """An address that this run may not touch: trying again changes nothing."""

    retry = False


def not_granted(call: Call, origin: str, known: Sequence[str]) -> AddressRefused:
    return AddressRefused(
        "RB870",
        "%(origin)s is not a host of this process",
        place=call.step,
        remedy="declare it (a `url` input, or `hosts: {name: {url: …}}`) and let the region grant it; here: %(known)s",
        origin=origin,
        known=", ".join(known) or "-",
    )


def private_address(call: Call, host: str, address: str) -> AddressRefused:
    return AddressRefused(
        "RB871",
        "%(host)s leads to %(address)s, an address inside a network; nothing was sent",
        place=call.step,
        remedy="if the application stands there, say so in the region's file: "
        "`grants: {hosts: {https://%(host)s: {environment: production, private: yes}}}`",
        host=host,
        address=address,
    )


def forbidden_address(call: Call, host: str, address: str) -> AddressRefused:
    return AddressRefused(
        "RB871",
        "%(host)s leads to %(address)s, which is no address of an application; nothing was sent",
        place=call.step,
        remedy="ask who runs that name",
        host=host,
        address=address,
    )


def unreachable(call: Call, host: str, cause: str) -> PortalDown:
    return PortalDown(
        "RB872",
        "%(host)s does not answer: %(cause)s",
        place=call.step,
        remedy="check the network and the application; then run or resume the process",
        host=host,
        cause=cause,
    )


def proxy_refused(call: Call, host: str, cause: str) -> PortalDown:
    return PortalDown(
        "RB893",
        "the proxy does not let robo through to %(host)s: %(cause)s",
        place=call.step,
        remedy="ask who runs the proxy to open this host; or, if it is reached without one, name it in "
        "`http: {direct: …}` of config/robo.yaml",
        host=host,
        cause=cause,
    )


def not_trusted(call: Call, host: str, cause: str) -> PortalDown:
    return PortalDown(
        "RB873",
        "this machine does not trust %(host)s: %(cause)s",
        place=call.step,
        remedy="name the authority that signed its certificate in config/robo.yaml "
        "(`authorities: config/autorites.pem`) or install it on this machine; or give the host's own name",
        host=host,
        cause=cause,
    )


def too_slow(call: Call, host: str) -> TimedOut:
    return TimedOut(
        "RB874",
        "%(host)s did not answer within %(seconds)s s",
        place=call.step,
        remedy="if the application is slow, give the step a longer `timeout`",
        host=host,
        seconds=round(call.timeout),
    )


def broken_off(call: Call, host: str, cause: str) -> SessionLost:
    return SessionLost(
        "RB875",
        "the connection to %(host)s broke: %(cause)s",
        place=call.step,
        remedy="what became of the request is looked for before anything else is done",
        host=host,
        cause=cause,
    )


def too_large(call: Call, host: str, limit_mb: int) -> AddressRefused:
    return AddressRefused(
        "RB876",
        "%(host)s answers with more than %(limit_mb)s MB",
        place=call.step,
        remedy="ask for less: a filter, a page, a single dossier; or allow more: `max_mb: 50` (up to 200)",
        host=host,
        limit_mb=limit_mb,
    )


def credentials_refused(call: Call, host: str, secret: str) -> CredentialsRefused:
    return CredentialsRefused(
        "RB877",
        "%(host)s refused the secret %(secret)s",
        place=call.step,
        remedy="set a new value: `robo secrets set %(secret)s`",
        host=host,
        secret=secret,
    )


def unexpected(call: Call, status: int, words: str, wanted: str) -> PageError:
    return PageError(
        "RB878",
        "the answer is %(status)s, expected %(answers)s: %(words)s",
        place=call.step,
        remedy="if this answer is right, name it: `expect: [200, %(status)s]`",
        status=status,
        answers=wanted,
        words=words,
    )


def down(call: Call, host: str, status: int) -> PortalDown:
    return PortalDown(
        "RB879",
        "%(host)s answers %(status)s: the application is not there",
        place=call.step,
        remedy="wait until it is back, then run or resume the process",
        host=host,
        status=status,
    )


def too_many(call: Call, host: str, seconds: float | None) -> Failure:
    return Failure(
        "RB880",
        "%(host)s asks robots to slow down, for %(seconds)s s",
        place=call.step,
        remedy="it is tried again; `sessions: {slots: 1}` asks it less often",
        host=host,
        seconds="?" if seconds is None else round(seconds),
    )


def bad_header(call: Call, name: str) -> Rejection:
    return Rejection(
        "bad-header",
        "the value of the header %(name)s cannot be written: headers take ASCII letters only",
        place=call.step,
        remedy="correct the value; or send it in the query or in the body, which take everything",
        name=name,
    )


def unwritable_secret(call: Call, secret: str) -> CredentialsRefused:
    return CredentialsRefused(
        "RB892",
        "the secret %(secret)s cannot be sent: it has a line break, a blank at an end or letters beyond ASCII",
        place=call.step,
        remedy="set it again, without what was copied with it: `robo secrets set %(secret)s`",
        secret=secret,
    )


def no_json(call: Call, cause: str) -> PageError:
    return PageError(
        "RB881",
        "the answer is no JSON: %(cause)s",
        place=call.step,
        remedy="look at `text`, or ask the address that answers with JSON",
        cause=cause,
    )


def no_rows(call: Call, member: str) -> PageError:
    return PageError(
        "RB882",
        "the answer has no list of mappings at %(member)s",
        place=call.step,
        remedy="say where the list stands: `rows: data.items`",
        member=member or "its top",
    )


def too_many_pages(call: Call, pages: int) -> PageError:
    return PageError(
        "RB883",
        "there are more than %(pages)s pages",
        place=call.step,
        remedy="ask for larger pages, or raise `max_pages`: a source is read whole or not at all",
        pages=pages,
    )


def graphql_errors(call: Call, words: str) -> PageError:
    return PageError(
        "RB884",
        "the interface answers with errors: %(words)s",
        place=call.step,
        remedy="correct the query, or what it is given",
        words=words,
    )


def no_cursor(call: Call, place: str) -> PageError:
    return PageError(
        "RB891",
        "the answer does not say at %(member)s whether there are more pages, or where the next one begins",
        place=call.step,
        remedy="ask for `pageInfo { hasNextPage endCursor }` beside the list, and give `after` the name of the "
        "variable that takes the cursor",
        member=place,
    )


def a_mutation(call: Call) -> UndeclaredEffect:
    return UndeclaredEffect(
        "RB885",
        "this query changes something, and the step does not say so",
        place=call.step,
        remedy="say `effect: submit` on the step, with `once` and `verify`",
    )


def redirected(call: Call, status: int, target: str) -> PageError:
    return PageError(
        "RB886",
        "the answer is %(status)s, to %(target)s: what is sent is not sent on",
        place=call.step,
        remedy="give the address that takes it",
        status=status,
        target=target or "-",
    )


def too_many_redirects(call: Call, count: int) -> PageError:
    return PageError(
        "RB887",
        "the address leads on and on (%(count)s times)",
        place=call.step,
        remedy="give the address at the end",
        count=count,
    )


def refused(call: Call, status: int, words: str) -> Rejection:
    return Rejection(
        "request-refused",
        "the application refused it (%(status)s): %(words)s",
        place=call.step,
        remedy="correct what is sent; nothing was filed",
        status=status,
        words=words,
    )


def past_its_time(call: Call) -> DeadlinePassed:
    return DeadlinePassed(
        "RB888",
        "it was too late to send the request",
        place=call.step,
        remedy="nothing was sent; whether that is so is looked for before it is tried again",
    )


def not_here(call: Call) -> UsageError:
    return UsageError(
        "RB889",
        "%(action)s cannot be used in this place",
        place=call.step,
        remedy="http.get and http.graphql stand among the steps or under `items: {from: …}`; what changes something "
        "says `once`",
        action=call.action,
    )


def rehearsing(call: Call) -> UsageError:
    return UsageError(
        "RB890",
        "this is a dry run: %(action)s sends nothing",
        place=call.step,
        remedy="run it without --dry-run",
        action=call.action,
    )
