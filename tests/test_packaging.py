"""The wheel carries the whole house and nothing beside it, and every library is pinned by its hash."""

import re
import subprocess
import sys
import tomllib
import zipfile
from email.message import Message
from email.parser import BytesParser
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
PINS = sorted((ROOT / "requirements").glob("*.txt"))
BESIDE = ("schemas", "translations", "adapters")
NOT_OURS = {"__pycache__", "node_modules"}


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> zipfile.ZipFile:
    """The wheel, built from this checkout by the installed backend alone."""
    folder = tmp_path_factory.mktemp("wheel")
    subprocess.run((sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", folder), cwd=ROOT, check=True)
    return zipfile.ZipFile(next(folder.glob("*.whl")))


@pytest.fixture(scope="module")
def metadata(wheel: zipfile.ZipFile) -> Message:
    """What the wheel says of itself."""
    (name,) = (name for name in wheel.namelist() if name.endswith(".dist-info/METADATA"))
    return BytesParser().parsebytes(wheel.read(name))


def files(folder: str) -> set[str]:
    """Return the files of one folder that belong to the product, by their path from the root."""
    paths = (path.relative_to(ROOT) for path in (ROOT / folder).rglob("*") if path.is_file())
    return {path.as_posix() for path in paths if not NOT_OURS.intersection(path.parts) and not path.name.startswith(".")}


def test_gateway_is_all_that_can_be_imported(wheel: zipfile.ZipFile, metadata: Message) -> None:
    assert {name.split("/")[0] for name in wheel.namelist()} == {"gateway", f"bongsu-{metadata['Version']}.dist-info"}


@pytest.mark.parametrize("folder", BESIDE)
def test_what_ships_beside_the_code_is_packed_inside_it(wheel: zipfile.ZipFile, folder: str) -> None:
    packed = {
        name.removeprefix("gateway/_shipped/") for name in wheel.namelist() if name.startswith(f"gateway/_shipped/{folder}/")
    }

    assert packed == files(folder)
    assert packed


def test_the_code_is_packed_whole_with_its_data(wheel: zipfile.ZipFile) -> None:
    packed = {name for name in wheel.namelist() if name.startswith("gateway/") and not name.startswith("gateway/_shipped/")}

    assert packed == files("gateway")
    assert "gateway/py.typed" in packed


def test_packed_bytes_are_the_checkouts(wheel: zipfile.ZipFile) -> None:
    assert all(
        wheel.read(f"gateway/_shipped/{name}") == (ROOT / name).read_bytes() for folder in BESIDE for name in files(folder)
    )


def test_the_wheel_says_what_it_is(wheel: zipfile.ZipFile, metadata: Message) -> None:
    entry_points = next(wheel.read(name).decode() for name in wheel.namelist() if name.endswith("entry_points.txt"))

    assert "bongsu = gateway.cli:main" in entry_points
    assert metadata["License-Expression"] == "Apache-2.0"
    assert metadata["Requires-Python"] == ">=3.11"
    extras = (
        f'{line}; extra == "{extra}"' for extra, lines in PROJECT["project"]["optional-dependencies"].items() for line in lines
    )
    told = map(Requirement, metadata.get_all("Requires-Dist", []))
    assert set(told) == set(map(Requirement, (*PROJECT["project"]["dependencies"], *extras)))


def pins(file: Path) -> dict[str, str]:
    """Return the pinned version of every library in one file."""
    return dict(re.findall(r"^([a-z0-9.-]+)==([^ ;]+)", file.read_text(), re.MULTILINE))


def test_every_pin_has_hashes_and_no_file_says_where_to_get_it() -> None:
    assert [file.name for file in PINS] == ["check.txt", "core.txt", "test.txt"]
    for file in PINS:
        blocks = re.split(r"\n(?=\S)", file.read_text().strip())
        entries = [block for block in blocks if not block.startswith("#")]
        assert len(entries) == len(pins(file)) == sum("--hash=sha256:" in entry for entry in entries) > 0
        assert not re.search(r"://|--(?:extra-)?index|--find-links|--trusted-host|^-[if] ", file.read_text(), re.MULTILINE)


def test_one_library_has_one_version_in_every_file() -> None:
    seen: dict[str, set[str]] = {}
    for file in PINS:
        for name, version in pins(file).items():
            seen.setdefault(name, set()).add(version)

    assert {name: versions for name, versions in seen.items() if len(versions) > 1} == {}


def test_core_pins_answer_to_the_floors_of_the_wheel() -> None:
    pinned = pins(ROOT / "requirements" / "core.txt")
    floors = [Requirement(line) for line in PROJECT["project"]["dependencies"]]

    assert [str(floor) for floor in floors if not floor.specifier.contains(pinned[floor.name])] == []


@pytest.mark.parametrize("name", ["test", "check"])
def test_what_we_ask_for_is_pinned(name: str) -> None:
    asked = (line.partition("#")[0].strip() for line in (ROOT / "requirements" / f"{name}.in").read_text().splitlines())
    requirements = [Requirement(line) for line in asked if line and not line.startswith("-")]
    pinned = pins(ROOT / "requirements" / f"{name}.txt")

    assert [str(asked) for asked in requirements if not asked.specifier.contains(pinned[asked.name], prereleases=True)] == []


def test_the_wheel_is_built_by_the_pinned_backend() -> None:
    (backend,) = (Requirement(line) for line in PROJECT["build-system"]["requires"])

    assert backend.specifier == SpecifierSet(f"=={pins(ROOT / 'requirements' / 'test.txt')[backend.name]}")
