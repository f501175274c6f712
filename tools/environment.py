"""Make .venv from the hash-pinned requirements, or find it ready; two makers wait for each other."""

import fcntl
import hashlib
import os
import subprocess
import sys
import tomllib
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
VENV = ROOT / ".venv"
STAMP = VENV / "ready"
PINS = tuple(ROOT / "requirements" / f"{name}.txt" for name in ("core", "test", "check"))


def fingerprint() -> str:
    """Return a digest of everything the environment is made from, this checkout's place and this Python included."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    parts = [str(ROOT), sys.version, sys.base_prefix, *(str(project[table]) for table in ("project", "build-system"))]
    parts += [path.read_text() for path in (*PINS, Path(__file__))]
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


def ready(wanted: str) -> bool:
    """Tell whether the environment stands and was made from just this."""
    return (VENV / "bin" / "python").exists() and STAMP.is_file() and STAMP.read_text() == wanted


def install(*words: str) -> None:
    """Run the environment's own pip; raises CalledProcessError when it fails."""
    pip = (str(VENV / "bin" / "python"), "-m", "pip", "-qq", "--disable-pip-version-check", "--no-input", "install")
    subprocess.run((*pip, *words), cwd=ROOT, check=True)


def make() -> None:
    """Make the environment from nothing, so that nothing of an older one stays behind."""
    version = ".".join(map(str, sys.version_info[:3]))
    print(f"bongsu: making .venv with Python {version}, once; about a minute", file=sys.stderr, flush=True)
    venv.create(VENV, clear=True, symlinks=True, with_pip=True)
    install("--require-hashes", *(word for path in PINS for word in ("-r", str(path))))
    install("--no-deps", "--no-build-isolation", "--editable", ".")


def main() -> int:
    """Return 0 once the environment is ready, 1 when it could not be made."""
    lock = os.open(ROOT, os.O_RDONLY)
    fcntl.flock(lock, fcntl.LOCK_EX)
    wanted = fingerprint()
    try:
        if not ready(wanted):
            make()
            STAMP.write_text(wanted)
    except subprocess.CalledProcessError:
        print("bongsu: .venv could not be made; what pip says above is why", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
