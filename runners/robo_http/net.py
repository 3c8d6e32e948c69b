"""Where a request may go: hosts of the run only, and the addresses behind their names, looked at before it leaves.

A name is resolved once, here; the connection goes to the address that was looked at, with the name for TLS
(`sni_hostname`) and for the application (`Host`). So what a name means cannot change between the look and the request.
"""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any, Final

import httpx

from robo.sdk.runner import Call, HostRule
from robo_http import trouble

LOOPBACK: Final = frozenset({"127.0.0.1", "localhost", "::1"})
PORTS: Final = {"http": 80, "https": 443}
KNOWN: Final = 2.0
"""Seconds for a name that need not be known here."""
Ip = ipaddress.IPv4Address | ipaddress.IPv6Address


@dataclass(frozen=True, slots=True)
class Target:
    """An address that was looked at. `url` leads to the number, `host` is the name. Through a proxy (`proxied`) it
    leads to the name: it is the proxy that resolves it."""

    url: httpx.URL
    host: str
    netloc: str
    origin: str
    proxied: bool = False


@dataclass(frozen=True, slots=True)
class Ways:
    """How this machine reaches hosts: through `proxy`, but for those of `direct` and itself."""

    proxy: str = ""
    direct: tuple[str, ...] = ()

    @classmethod
    def of(cls, settings: Mapping[str, Any]) -> Ways:
        """As `config/robo.yaml` has them (`http: {proxy, direct}`)."""
        return cls(str(settings.get("proxy") or ""), tuple(str(settings.get("direct") or "").replace(",", " ").split()))

    def is_direct(self, host: str) -> bool:
        return not self.proxy or host in LOOPBACK or any(_is_of(host, each) for each in self.direct)


STRAIGHT: Final = Ways()


def origin_of(url: httpx.URL) -> str:
    """`https://name[:port]`, the port left out where it is the usual one."""
    host = f"[{url.host}]" if ":" in url.host else url.host
    port = f":{url.port}" if url.port is not None and url.port != PORTS.get(url.scheme) else ""
    return f"{url.scheme}://{host}{port}"


async def look_at(call: Call, address: str | httpx.URL, hosts: Sequence[HostRule], ways: Ways = STRAIGHT) -> Target:
    """The address, if the run may go there. Raises `AddressRefused` RB870, RB871, `PortalDown` RB872.

    Behind a proxy a name need not be known here. Where it is, it is looked at like any other."""
    url = httpx.URL(address)
    origin = origin_of(url)
    rule = next((rule for rule in hosts if rule.origin == origin), None)
    if rule is None or url.scheme not in PORTS:
        raise trouble.not_granted(call, origin, [rule.origin for rule in hosts])
    proxied = not ways.is_direct(url.host)
    try:
        async with asyncio.timeout(KNOWN if proxied else None):
            found = await _resolved(url)
    except (OSError, TimeoutError) as bad:
        if not proxied:
            raise trouble.unreachable(call, url.host, (isinstance(bad, OSError) and bad.strerror) or str(bad)) from bad
        found = []
    for each in found:
        _check(call, url.host, each, rule)
    there = url if proxied else url.copy_with(host=str(found[0]))
    return Target(there, url.host, url.netloc.decode("ascii"), origin, proxied)


async def _resolved(url: httpx.URL) -> list[Ip]:
    try:
        return [_plain(ipaddress.ip_address(url.host))]
    except ValueError:
        pass
    port = url.port or PORTS[url.scheme]
    answers = await asyncio.get_running_loop().getaddrinfo(url.host, port, type=socket.SOCK_STREAM)
    found = [_plain(ipaddress.ip_address(str(answer[4][0]).partition("%")[0])) for answer in answers]
    return list(dict.fromkeys(found))


def _is_of(host: str, pattern: str) -> bool:
    """`api.exemple`, `*.interne.gouv.fr`, or a network of addresses, `10.0.0.0/8`."""
    try:
        return ipaddress.ip_address(host) in ipaddress.ip_network(pattern)
    except ValueError:
        return fnmatchcase(host, pattern.lower())


def _plain(address: Ip) -> Ip:
    """The IPv4 address that an IPv6 one stands for (`::ffff:10.0.0.1`)."""
    inner = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return inner or address


def _check(call: Call, host: str, address: Ip, rule: HostRule) -> None:
    if host in LOOPBACK:
        if not address.is_loopback:
            raise trouble.forbidden_address(call, host, str(address))
        return
    if address.is_loopback or address.is_link_local or address.is_multicast or address.is_unspecified:
        raise trouble.forbidden_address(call, host, str(address))
    if not address.is_global and not rule.private:
        raise trouble.private_address(call, host, str(address))
