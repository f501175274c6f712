"""A temporary copy of the whole tree in which a test may break a named line and demand red."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[1]
# What is compiled already comes along, for it says of which source; but not what another test is just writing
_LEFT_OUT = shutil.ignore_patterns(".*", "node_modules", "dist", "*.pyc.*")
_RED = re.compile(r"^FAILED (\S+)", re.MULTILINE)


class Verdict(NamedTuple):
    """How a command in the copy ended; `failed` holds the node ids of tests that ran and failed, not those that broke down."""

    code: int
    output: str

    @property
    def failed(self) -> frozenset[str]:
        """Return the node ids that pytest called FAILED; a test that could not be collected is not among them."""
        return frozenset(_RED.findall(self.output))


class PatchedTree:
    """A copy of the checkout at `root`, with the real data folder beside it; the copy's own code is what runs in it."""

    def __init__(self, home: Path) -> None:
        """Copy everything but version control and environments to `home`/tree."""
        self.root = home / "tree"
        shutil.copytree(ROOT, self.root, ignore=_LEFT_OUT)
        data = ROOT.parent / "shared" / "data"
        if data.is_dir():
            (home / "shared").mkdir()
            (home / "shared" / "data").symlink_to(data)

    def write(self, file: str, text: str) -> None:
        """Write one file, named from the root of the tree, over what was there."""
        path = self.root / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")

    def append(self, file: str, text: str) -> None:
        """Add lines to the end of a file that exists."""
        self.write(file, (self.root / file).read_text(encoding="utf-8") + text)

    def patch(self, file: str, old: str, new: str) -> None:
        """Replace `old`, which must stand in the file exactly once, by `new`; raises ValueError otherwise."""
        text = (self.root / file).read_text(encoding="utf-8")
        if (times := text.count(old)) != 1:
            message = f"{file} holds the text to replace {times} times, not once: {old!r}"
            raise ValueError(message)
        self.write(file, text.replace(old, new))

    def run(self, *command: str, env: Mapping[str, str] = {}, seconds: float = 100) -> Verdict:
        """Run a command at the root of the copy; raises TimeoutExpired after so many seconds."""
        world = os.environ | {"PYTHONPATH": str(self.root), "PYTHONDONTWRITEBYTECODE": "1"}
        world.pop("BONGSU_REQUIRE_PEERS", None)
        done = subprocess.run(
            command,
            cwd=self.root,
            env={**world, **env},
            timeout=seconds,
            check=False,
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        return Verdict(done.returncode, done.stdout)

    def python(self, *words: str, env: Mapping[str, str] = {}, seconds: float = 100) -> Verdict:
        """Run the interpreter that runs this, at the root of the copy."""
        return self.run(sys.executable, *words, env=env, seconds=seconds)

    def pytest(self, *selection: str, env: Mapping[str, str] = {}, seconds: float = 100) -> Verdict:
        """Run a selection of the copy's tests with the same interpreter; a skipped test stays skipped there."""
        words = ("-m", "pytest", "-rfE", "--tb=short", "--no-header", "-p", "no:cacheprovider")
        return self.python(*words, *selection, env=env, seconds=seconds)
