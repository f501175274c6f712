"""Build the wheel and use it as a stranger would: in an empty environment, from an empty directory, under each Python named.

python tools/try_wheel.py [PYTHON ...]
"""

import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PINS = ROOT / "requirements" / "core.txt"
NOW = "2026-07-14T18:20:00+09:00"
COMMANDS: tuple[tuple[tuple[str, ...], bytes], ...] = (
    (("--version",), rb"bongsu.* \d+\.\d+"),
    (("translate", "incident.json", "--to", "cap", "--now", NOW), rb"urn:oasis:names:tc:emergency:cap:1\.2"),
    (("translate", "incident.json", "--to", "gtfs-realtime", "--now", NOW), rb"^\x0a.\x0a\x032\.0"),
    (("demo", "--headless", "--scenario", "all", "--speed", "20"), rb'"result": ?"ok"'),
)
INCIDENT = """{
"schema": "1", "source": "river-telemetry", "id": "gapcheon-03", "sequence": 7, "reported": "2026-07-14T18:19:58+09:00",
"hazard": "flash-flood", "severity": "severe", "urgency": "immediate", "certainty": "observed", "status": "exercise",
"onset": "2026-07-14T18:20:00+09:00", "expires": "2026-07-14T21:20:00+09:00",
"areas": [{"role": "danger", "name": {"ko": "갑천 둔치", "en": "Gapcheon riverside"}, "zones": ["yuseong"],
"geometry": {"type": "Polygon", "coordinates": [[[127.35, 36.36], [127.36, 36.36], [127.36, 36.37], [127.35, 36.36]]]}}],
"transit": [{"route": "1", "direction": 0, "from_stop": "S07", "to_stop": "S09", "closed": true}],
"observations": [{"sensor": "G-03", "property": "water-level", "value": 4.2, "unit": "m", "at": "2026-07-14T18:19:50+09:00",
"quality": "good"}],
"facts": {"place": "gapcheon-bridge", "depth": {"value": 4.2, "unit": "m"}}, "scope": "public",
"resources": [], "texts": {}, "related": [], "extensions": {}
}"""


def run(*words: str | Path, cwd: Path) -> None:
    """Run a program and let it speak; raises CalledProcessError when it fails."""
    subprocess.run(words, cwd=cwd, check=True)


def build(folder: Path) -> Path:
    """Build the wheel with the installed backend alone and return it."""
    run(sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", folder, cwd=ROOT)
    (wheel,) = folder.glob("*.whl")
    return wheel


def install(python: str, wheel: Path, home: Path) -> Path:
    """Install the wheel with the pinned libraries into a new environment of that Python; return its `bongsu`."""
    run(python, "-m", "venv", home, cwd=ROOT)
    pip = (home / "bin" / "python", "-m", "pip", "-qq", "--disable-pip-version-check", "--no-input", "install")
    run(*pip, "--require-hashes", "-r", PINS, cwd=home)
    run(*pip, "--no-deps", wheel, cwd=home)
    return home / "bin" / "bongsu"


def use(bongsu: Path, desk: Path) -> None:
    """Run every command in an empty directory that holds one incident; raises ValueError for an answer without its mark."""
    desk.mkdir()
    (desk / "incident.json").write_text(INCIDENT, encoding="utf-8")
    for words, mark in COMMANDS:
        print("$ bongsu", *words, flush=True)
        answer = subprocess.run((bongsu, *words), cwd=desk, check=True, stdout=subprocess.PIPE).stdout
        if not re.search(mark, answer, re.DOTALL):
            message = f"the answer lacks {mark!r}: {answer[-200:]!r}"
            raise ValueError(message)


def main(pythons: Sequence[str]) -> int:
    """Return 0 when every Python could use the wheel, 1 at the first that could not."""
    with tempfile.TemporaryDirectory(prefix="bongsu-wheel-") as folder:
        home = Path(folder)
        wheel = build(home)
        for number, python in enumerate(pythons):
            began = time.monotonic()
            try:
                use(install(python, wheel, home / f"environment-{number}"), home / f"desk-{number}")
            except (subprocess.CalledProcessError, ValueError) as fault:
                print(f"the wheel cannot be used under {python}: {fault}", file=sys.stderr)
                return 1
            print(f"the wheel works under {python} ({time.monotonic() - began:.0f} s)", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:] or [sys.executable]))
