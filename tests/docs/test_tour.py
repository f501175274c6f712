"""The tour names real files and real functions, or it misleads."""

import ast
import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
NAMES = re.findall(r"`([\w/]+\.py)::([\w.]+)`", (ROOT / "docs" / "tour.md").read_text(encoding="utf-8"))


def defined(tree: ast.Module) -> set[str]:
    """Return the functions and classes of a file, methods as Class.method."""
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
    found = {node.name for node in tree.body if isinstance(node, kinds)}
    for owner in (node for node in tree.body if isinstance(node, ast.ClassDef)):
        found |= {f"{owner.name}.{node.name}" for node in owner.body if isinstance(node, kinds)}
    return found


def test_every_name_of_the_tour_stands_where_it_says() -> None:
    assert len(NAMES) > 25
    known = {file: defined(ast.parse((ROOT / file).read_text(encoding="utf-8"))) for file, _ in NAMES}
    assert [f"{file}::{name}" for file, name in NAMES if name not in known[file]] == []
