"""How good the house is, measured: short functions, short files, few comments, every promise written, no foreign words."""

import ast
import io
import re
import statistics
import subprocess
import tokenize
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SOURCES = sorted(path for room in ("gateway", "adapters", "tools") for path in (ROOT / room).rglob("*.py"))
Function = ast.FunctionDef | ast.AsyncFunctionDef

# Cut in two, for this file is searched as well.
FOREIGN = {
    "a package index": re.compile("pypi" + r"\.org|pythonhosted" + r"\.org|registry\.npm" + r"js|deb\.deb" + r"ian"),
    "a machine's own path": re.compile(r"/(?:ro" + r"ot|wor" + r"k)/[a-z.]"),
    "a folder beside the project": re.compile(r"\.\./sha" + r"red(?!/data\b)|\b(?:design|settled|brief)\." + r"md\b"),
    "a promise for later": re.compile(r"\b(?:TO" + r"DO|FIX" + r"ME|XX" + r"X)\b"),
    "a number in a tracker": re.compile(r"\bissue " + r"#\d|\bGH-" + r"\d"),
}


def functions(text: str) -> Iterator[Function]:
    """Yield every function of a source text, methods and inner ones included."""
    return (node for node in ast.walk(ast.parse(text)) if isinstance(node, Function))


def length(function: Function) -> int:
    """Return the lines from `def` to the last one."""
    return (function.end_lineno or function.lineno) - function.lineno + 1


def comments(text: str) -> int:
    """Return how many lines hold a comment; orders to a checker (noqa, type) are none."""
    tokens = tokenize.generate_tokens(io.StringIO(text).readline)
    return sum(token.type == tokenize.COMMENT and not re.match(r"#!|# (?:noqa|type):", token.string) for token in tokens)


def silent(text: str) -> list[str]:
    """Return the public modules, classes and functions without a docstring; what is inside a function is not public."""
    module = ast.parse(text)
    owners = [node for node in module.body if isinstance(node, ast.ClassDef) and not node.name.startswith("_")]
    nodes = [*module.body, *(node for owner in owners for node in owner.body)]
    public = [node for node in nodes if isinstance(node, Function | ast.ClassDef) and not node.name.startswith("_")]
    return ["module"] * (ast.get_docstring(module) is None) + [node.name for node in public if not ast.get_docstring(node)]


def foreign(text: str) -> list[str]:
    """Return what a file must not name, each with its line."""
    lines = enumerate(text.splitlines(), 1)
    return [f"{number}: {what}" for number, line in lines for what, words in FOREIGN.items() if words.search(line)]


@pytest.fixture(scope="module")
def texts() -> dict[str, str]:
    """Every source file of the product, by its path."""
    return {path.relative_to(ROOT).as_posix(): path.read_text(encoding="utf-8") for path in SOURCES}


def test_functions_are_short(texts: dict[str, str]) -> None:
    spans = {f"{file}:{node.lineno} {node.name}": length(node) for file, text in texts.items() for node in functions(text)}

    assert statistics.median(spans.values()) <= 8
    assert sum(span < 25 for span in spans.values()) >= 0.9 * len(spans), [name for name, span in spans.items() if span >= 25]
    assert [name for name, span in spans.items() if span > 60] == []


def test_files_are_short() -> None:
    files = [*SOURCES, *(path for room in ("tests", "benchmarks") for path in (ROOT / room).rglob("*.py"))]

    assert {path.name: lines for path in files if (lines := len(path.read_text(encoding="utf-8").splitlines())) > 500} == {}


def test_every_function_says_what_it_returns(texts: dict[str, str]) -> None:
    assert [f"{file}:{node.lineno}" for file, text in texts.items() for node in functions(text) if node.returns is None] == []


def test_comments_are_few(texts: dict[str, str]) -> None:
    assert sum(map(comments, texts.values())) <= 0.04 * sum(len(text.splitlines()) for text in texts.values())


def test_every_public_name_makes_its_promise(texts: dict[str, str]) -> None:
    assert {file: names for file, text in texts.items() if (names := silent(text))} == {}


def test_no_file_names_what_is_not_ours_to_name() -> None:
    listed = (
        subprocess.run(
            ("git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"), cwd=ROOT, check=True, capture_output=True
        )
        .stdout.decode()
        .split("\0")
    )
    files = [ROOT / name for name in listed if name and (ROOT / name).is_file()]
    found = {path.name: foreign(path.read_text(encoding="utf-8", errors="replace")) for path in files}

    assert len(files) > len(SOURCES)
    assert {name: lines for name, lines in found.items() if lines} == {}


def test_the_yardstick_measures() -> None:
    text = "@mark\ndef outer() -> None:\n    # why\n    async def inner():  # noqa: X1\n        pass\n"

    assert {node.name: (length(node), node.returns is None) for node in functions(text)} == {
        "outer": (4, False),
        "inner": (2, True),
    }
    assert comments(text) == 1
    assert silent(text) == ["module", "outer"]
    assert silent(
        '"""M."""\nclass A:\n    """A."""\n    def b(self): ...\n    def _c(self): ...\nclass _D:\n    def e(self): ...\n'
    ) == ["b"]


@pytest.mark.parametrize(
    "words",
    [
        "https://pypi" + ".org/simple",
        "see ../sha" + "red/notes",
        "# TO" + "DO: later",
        "as in issue " + "#12",
        "/ro" + "ot/.cache",
        "design" + ".md",
    ],
)
def test_a_foreign_word_is_seen(words: str) -> None:
    assert len(foreign(f"first\n{words}\n")) == 1
    assert foreign(f"first\n{words}\n")[0].startswith("2: ")


@pytest.mark.parametrize("words", ["../sha" + "red/data/cap", "an issue is issued", "/workers/a", "Path.home()/x"])
def test_a_word_of_our_own_is_not(words: str) -> None:
    assert foreign(words) == []
