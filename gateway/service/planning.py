"""From a city's folder to everything the engine consults; whatever is wrong anywhere is told at once."""

import base64
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, datetime
from functools import cache, partial
from pathlib import Path
from typing import TypeVar
from zoneinfo import ZoneInfo

import msgspec
from msgspec import Struct

from gateway import channels, config, feeds, shipped, vendors
from gateway.access import Grant
from gateway.channel import Channel
from gateway.channels import TargetSettings
from gateway.city import City
from gateway.city.backdrop import backdrop
from gateway.config import Partner, Settings, SourceSettings
from gateway.doors import toml
from gateway.drafting import Desk
from gateway.engine import Plan
from gateway.engine.plan import Intake
from gateway.fault import BadInput, Faults, Finding, Missing
from gateway.feeds import FeedSettings
from gateway.formats.svg import Backdrop
from gateway.hazard import hazards
from gateway.out import Peer, Secret, signing_key
from gateway.playbook import Name, Playbook, names
from gateway.service import trying
from gateway.vendors import Vendor
from gateway.web import CAP_TYPES, Door
from gateway.web.signature import secret as signing_secret
from gateway.words import Words

T = TypeVar("T")

ADAPTERS = "adapters"
NO_SECRET = Secret("whsec_" + base64.b64encode(bytes(32)).decode())

Secrets = Callable[[config.Peer], Secret]


class Setup(Struct, frozen=True, kw_only=True):
    """One deployment, ready to start: what it decided, who may send, whom it may post to, and how to page the duty officer."""

    settings: Settings
    plan: Plan
    doors: Mapping[str, Door]
    peers: tuple[Peer, ...]
    duty: Secret


def set_up(folder: Path, now: Callable[[], datetime]) -> Setup:
    """Read a city's folder and check all of it; raises Faults with file and line.

    Checked are every name that one file takes from another, every secret, and a draft of everything the playbooks foresee.
    """
    found = _read(folder)
    settings = found.settings
    if findings := tuple(_secrets(settings, found.vendors, now)):
        raise Faults(findings)
    return Setup(
        settings=settings,
        plan=_tried_out(_plan(found, now, _secret), settings),
        doors={**_doors(settings, found.vendors), **_partners(settings)},
        peers=tuple(_peers(settings)),
        duty=_secret(settings.duty),
    )


def plan_of(folder: Path) -> Plan:
    """Return a city's plan for reading and rendering alone: its channels hold no secret, so they can send nothing that counts."""
    found = _read(folder)
    return _tried_out(_plan(found, lambda: datetime.now(UTC), lambda _: NO_SECRET), found.settings)


class _Folder(Struct, frozen=True, kw_only=True):
    settings: Settings
    playbooks: Mapping[str, Playbook]
    city: City
    vendors: Mapping[str, Vendor]


def _read(folder: Path) -> _Folder:
    findings: list[Finding] = []
    settings = _part(partial(config.read, folder), findings)
    playbooks = _part(partial(config.read_playbooks, folder), findings)
    city = _part(partial(_city, folder, settings), findings)
    known = _part(partial(vendors.find, [folder / ADAPTERS]), findings)
    if settings is None or playbooks is None or city is None or known is None:
        raise Faults(findings)
    if contradictions := (*_strangers(settings, playbooks, city), *_sources(settings, known, city)):
        raise Faults(contradictions)
    settings = msgspec.structs.replace(settings, sources=_granted(settings, city))
    return _Folder(settings=settings, playbooks=playbooks, city=city, vendors=known)


def _city(folder: Path, settings: Settings | None) -> City:
    if settings is None:
        return City.load(folder)
    return City.load(folder, places=settings.places, timezone=ZoneInfo(settings.timezone))


def _granted(settings: Settings, city: City) -> Mapping[str, SourceSettings]:
    """Return the sources with every district they are granted written out in its neighbourhoods."""
    return {
        name: msgspec.structs.replace(source, zones=frozenset(city.neighbourhoods(sorted(source.zones))))
        for name, source in settings.sources.items()
    }


def _part(read: Callable[[], T], findings: list[Finding]) -> T | None:
    try:
        return read()
    except Faults as faults:
        findings.extend(faults.findings)
    except BadInput as fault:
        findings.append(Finding(rule=fault.code, message=fault.message, path=fault.path, hint=fault.hint))
    return None


def _tried_out(plan: Plan, settings: Settings) -> Plan:
    if findings := tuple(trying.faults(plan, settings, datetime.now(UTC))):
        raise Faults(findings)
    return plan


def _plan(found: _Folder, now: Callable[[], datetime], secret: Secrets) -> Plan:
    settings = found.settings
    told = _told(settings, found.city)
    drawn = backdrop(found.city, settings.languages[0])
    ways_out = {name: _channel(name, settings, drawn, now, secret) for name in settings.channels}
    return Plan(
        code=settings.code,
        status=settings.status,
        desk=_desk(settings, found.city, ways_out),
        playbooks=found.playbooks,
        channels=ways_out,
        feeds=tuple(make(told) for make in feeds.find()),
        intakes={name: _intake(name, source, found.vendors) for name, source in settings.sources.items()},
        partners={name: _partner(name, partner) for name, partner in settings.partners.items()},
    )


def _told(settings: Settings, city: City) -> FeedSettings:
    return FeedSettings(
        title=settings.name,
        sender=settings.sender,
        mode=settings.status,
        language=settings.languages[0],
        languages=settings.languages,
        zones=city.codes,
    )


def _desk(settings: Settings, city: City, ways_out: Mapping[str, Channel]) -> Desk:
    return Desk(
        city=city,
        words=_words(shipped.folder("translations")),
        status=settings.status,
        sender=settings.sender,
        sender_name=settings.sender_name,
        contact=settings.contact,
        web=settings.web,
        languages=settings.languages,
        timezone=settings.timezone,
        channels=ways_out,
        reviewed_only=settings.reviewed_only,
    )


@cache
def _words(folder: Path) -> Words:
    """Return what ships, read once for all cities of a process."""
    return Words.load(folder)


def _channel(name: str, settings: Settings, drawn: Backdrop, now: Callable[[], datetime], secret: Secrets) -> Channel:
    given = settings.channels[name]
    targets = {
        target: TargetSettings(
            url=to.url, secret=secret(to) if to.secret else None, private=to.private, plain=to.plain, settings=to.settings
        )
        for target, to in given.targets.items()
    }
    made = channels.ChannelSettings(
        targets=targets, accepts=given.accepts, mode=settings.mode, now=now, settings=given.settings, backdrop=drawn
    )
    return channels.find()[given.kind](name, made)


def _intake(name: str, source: SourceSettings, known: Mapping[str, Vendor]) -> Intake:
    return Intake(
        source=known[source.adapter].source,
        settings=source.settings,
        default_status=source.default_status,
        grant=_grant(name, source),
    )


def _doors(settings: Settings, known: Mapping[str, Vendor]) -> Mapping[str, Door]:
    return {name: _door(name, source, known[source.adapter]) for name, source in settings.sources.items()}


def _partners(settings: Settings) -> Mapping[str, Door]:
    return {name: _cap_door(name, partner) for name, partner in settings.partners.items()}


def _door(name: str, source: SourceSettings, vendor: Vendor) -> Door:
    return Door(grant=_grant(name, source), secrets=_keys(source), media_types=frozenset(vendor.manifest.media_types))


def _cap_door(name: str, partner: Partner) -> Door:
    return Door(grant=_partner(name, partner), secrets=_keys(partner), media_types=CAP_TYPES)


def _keys(source: SourceSettings | Partner) -> tuple[bytes, ...]:
    return (signing_secret(config.read_secret(source.secret).reveal()),) if source.secret else ()


def _partner(name: str, partner: Partner) -> Grant:
    return Grant(source=name, senders=partner.senders, rate_per_minute=partner.rate_per_minute)


def _grant(name: str, source: SourceSettings) -> Grant:
    return Grant(source=name, hazards=source.hazards, zones=source.zones, rate_per_minute=source.rate_per_minute)


def _peers(settings: Settings) -> Iterator[Peer]:
    configured = (settings.duty, *(to for channel in settings.channels.values() for to in channel.targets.values()))
    for peer in configured:
        yield Peer(url=peer.url, private=peer.private, plain=peer.plain)


def _secret(peer: config.Peer) -> Secret:
    return config.read_secret(peer.secret) if peer.secret else Secret("")


def _secrets(settings: Settings, known: Mapping[str, Vendor], now: Callable[[], datetime]) -> Iterator[Finding]:
    """Yield what is wrong with the secrets, by building with them what they are for."""
    file = settings.folder / config.CITY
    document = toml.load(file.read_bytes(), str(file))
    uses: dict[tuple[str, ...], Callable[[], object]] = {("duty",): lambda: signing_key(_secret(settings.duty))}
    uses |= {
        ("channels", name): partial(_channel, name, settings, Backdrop(zones=()), now, _secret) for name in settings.channels
    }
    uses |= {("sources", name): partial(_door, name, source, known[source.adapter]) for name, source in settings.sources.items()}
    uses |= {("sources", name): partial(_cap_door, name, partner) for name, partner in settings.partners.items()}
    for path, use in uses.items():
        try:
            use()
        except (BadInput, Missing) as fault:
            yield document.finding(fault.code, fault.message, path, fault.hint)


# Names that one file takes from another


def _strangers(settings: Settings, playbooks: Mapping[str, Playbook], city: City) -> Iterator[Finding]:
    known: Mapping[str, Iterable[str]] = {
        "hazard": hazards(),
        "source": settings.sources,
        "zone": city.codes,
        "target": [f"{name}/{target}" for name, channel in settings.channels.items() for target in channel.targets],
    }
    for playbook in playbooks.values():
        file = settings.folder / "playbooks" / f"{playbook.id}.toml"
        for name in names(playbook):
            if name.name not in known[name.kind]:
                yield _stranger(name, file, known[name.kind])


def _stranger(name: Name, file: Path, known: Iterable[str]) -> Finding:
    document = toml.load(file.read_bytes(), str(file))
    hint = f"known are: {', '.join(sorted(known)) or 'none'}"
    return document.finding(f"{name.kind}-unknown", f"no {name.kind} is called {name.name!r}", name.path, hint)


def _sources(settings: Settings, known: Mapping[str, Vendor], city: City) -> Iterator[Finding]:
    file = settings.folder / config.CITY
    document = toml.load(file.read_bytes(), str(file))
    for kind in {channel.kind for channel in settings.channels.values()} - set(channels.find()):
        hint = f"known are: {', '.join(sorted(channels.find()))}"
        yield document.finding("channel-unknown", f"no channel kind is called {kind!r}", ("channels",), hint)
    for name, source in settings.sources.items():
        at = ("sources", name)
        if source.adapter not in known:
            hint = f"known are: {', '.join(sorted(known))}"
            yield document.finding("adapter-unknown", f"no adapter is called {source.adapter!r}", (*at, "adapter"), hint)
            continue
        for found in vendors.settings_faults(known[source.adapter], source.settings):
            yield msgspec.structs.replace(found, file=str(file), line=document.line((*at, "settings")))
        for kind, given, all_known in (("hazard", source.hazards, hazards()), ("zone", source.zones, city.codes)):
            for stranger in sorted(given - set(all_known)):
                hint = f"known are: {', '.join(sorted(all_known))}"
                yield document.finding(f"{kind}-unknown", f"no {kind} is called {stranger!r}", (*at, f"{kind}s"), hint)
