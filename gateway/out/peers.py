"""To whom we speak at all: configured URLs only, and no address that a name must not lead to."""

import ipaddress
import socket
from collections.abc import Callable, Iterable

from aiohttp.connector import AddrInfoType
from msgspec import Struct
from yarl import URL

from gateway.fault import BadInput, Refused

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

_NAT64 = ipaddress.ip_network("64:ff9b::/96")


class Peer(Struct, frozen=True, kw_only=True):
    """One URL we may post to.

    `private`: it stands in the city's own network (or on this machine); `plain`: unencrypted http is knowingly allowed there.
    """

    url: str
    private: bool = False
    plain: bool = False


class Peers:
    """Every URL we may post to, checked once."""

    def __init__(self, peers: Iterable[Peer]) -> None:
        """Take the configured peers; raises BadInput `url-*` for one that cannot be meant."""
        self._peers: dict[str, Peer] = {}
        for peer in peers:
            _check(peer)
            if self._peers.setdefault(peer.url, peer) != peer:
                raise BadInput("url-twice", "one URL is configured twice with different rights", hint="give both the same")

    def named(self, url: str) -> Peer:
        """Return the peer with exactly this URL; raises Refused("url-not-configured")."""
        try:
            return self._peers[url]
        except KeyError:
            raise Refused("url-not-configured", "this URL is not among the configured targets") from None


def allowed(address: str, *, private: bool) -> bool:
    """Tell whether a connection to this numeric address may be opened.

    Public peers: global unicast only, whatever form the address hides in. Private peers: the city's networks and this machine
    too, but never link-local ones, where clouds keep their credentials.
    """
    meant = _meant(ipaddress.ip_address(address))
    if meant.is_multicast or meant.is_unspecified or meant.is_link_local:
        return False
    return private or meant.is_global


def guarded(*, private: bool) -> Callable[[AddrInfoType], socket.socket]:
    """Return the maker of sockets that refuses what `allowed` forbids.

    It sees the very address that is about to be connected, so a name that changes its answer between two look-ups gains nothing.
    """

    def opened(info: AddrInfoType) -> socket.socket:
        family, kind, protocol, _, address = info
        if not allowed(str(address[0]), private=private):
            raise PermissionError("the name leads to an address that this target may not use")
        return socket.socket(family, kind, protocol)

    return opened


def _meant(address: Address) -> Address:
    if isinstance(address, ipaddress.IPv4Address):
        return address
    if address in _NAT64:
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour or address


def _check(peer: Peer) -> None:
    try:
        url = URL(peer.url)
    except ValueError:
        raise BadInput("url-invalid", "this is not a URL", hint="write https://host/path") from None
    if url.scheme not in ("http", "https", "smtp", "smtps"):
        raise BadInput("url-scheme", f"the scheme {url.scheme!r} is not spoken here", hint="write https://host/path")
    if not url.host:
        raise BadInput("url-invalid", "the URL names no host", hint="write https://host/path")
    if url.scheme == "http" and not (peer.plain or _here(url.host)):
        raise BadInput("url-plain", "http is not encrypted", hint="use https, or set plain = true knowingly")


def _here(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
