"""Which machines an address names, and whether they are this one."""

from ipaddress import ip_address
from urllib.parse import parse_qs, urlsplit

HIGHEST_PORT = 65535


def here(host: str) -> bool:
    """Tell whether a host is this machine."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def of_database(url: str) -> list[str]:
    """Return the hosts of a PostgreSQL URL, which stand before its path or in its query; a folder or none is a local socket."""
    parts = urlsplit(url)
    named = parse_qs(parts.query).get("host", [parts.netloc.rpartition("@")[2]])
    return [_without_port(host) for host in named[-1].split(",")]


def encrypted(url: str) -> bool:
    """Tell whether a PostgreSQL URL demands that every machine but this one proves who it is, and encrypts (libpq 32.19)."""
    far = [host for host in of_database(url) if host and not host.startswith(("/", "@")) and not here(host)]
    return not far or parse_qs(urlsplit(url).query).get("sslmode", [""])[-1] in {"verify-full", "verify-ca"}


def misnamed(url: str) -> list[str]:
    """Return what a PostgreSQL URL names among its hosts that is none, or has a port that no machine has."""
    query = parse_qs(urlsplit(url).query)
    named = query.get("host", [urlsplit(url).netloc.rpartition("@")[2]])[-1].split(",")
    ports = [port for port in query.get("port", [""])[-1].split(",") if port]
    ports += [_port(host) for host in named if _port(host)]
    empty = [",".join(named)] if len(named) > 1 and not all(named) else []
    return [*empty, *(port for port in ports if not (port.isascii() and port.isdigit() and 0 < int(port) <= HIGHEST_PORT))]


def _port(host: str) -> str:
    behind = host.rpartition("]")[2] if host.startswith("[") else host
    return "" if host.startswith("/") or ":" not in behind else behind.rpartition(":")[2] or ":"


def _without_port(host: str) -> str:
    if host.startswith("["):
        return host[1:].partition("]")[0]
    return host.partition(":")[0] if host.count(":") == 1 else host
