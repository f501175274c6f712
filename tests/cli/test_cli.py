import json
import os
import pty
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from importlib import import_module

import click
import pytest

from gateway.cli import COMMANDS, main
from tests.cli.conftest import ENVIRONMENT, ROOT, Bongsu, Program

BUILT = {
    "adapter check",
    "adapter list",
    "alert approve",
    "alert cancel",
    "alert edit",
    "alert end",
    "alert list",
    "alert new",
    "alert reject",
    "alert show",
    "alert submit",
    "alert update",
    "audit verify",
    "city check",
    "demo",
    "doctor",
    "key add",
    "key list",
    "key revoke",
    "public render",
    "serve",
    "store backup",
    "store migrate",
    "store restore",
    "translate",
    "user add",
    "user disable",
    "user link",
    "user list",
    "words check",
    "words sheet",
    "words stats",
}


def leaves(command: click.Command, path: tuple[str, ...] = ()) -> Iterator[tuple[str, click.Command]]:
    """Yield every command that does something, by its words."""
    if not isinstance(command, click.Group):
        yield " ".join(path), command
        return
    with click.Context(command) as ctx:
        for name in command.list_commands(ctx):
            found = command.get_command(ctx, name)
            assert found is not None
            yield from leaves(found, (*path, name))


def test_exactly_these_commands_are_built() -> None:
    assert {words for words, _ in leaves(main)} == BUILT


def test_every_command_can_speak_json_and_says_what_it_does() -> None:
    for words, command in leaves(main):
        options = {option for parameter in command.params for option in parameter.opts}
        assert "--json" in options, words
        assert command.help, words


def test_help_lists_exactly_these_commands(bongsu: Bongsu) -> None:
    told = bongsu("--help")
    listed = [line.split()[0] for line in told.stdout.partition("Commands:\n")[2].splitlines()]
    assert listed == sorted({words.split()[0] for words in BUILT})
    assert (told.exit_code, told.stderr) == (0, "")


def test_help_tells_of_a_command_what_the_command_tells_of_itself() -> None:
    for name, told in COMMANDS.items():
        command: click.Command = getattr(import_module(f"gateway.cli.{name}"), name)
        assert (command.help or "").startswith(told.removesuffix(".")), name


def test_help_imports_no_command() -> None:
    heavy = {"aiohttp", "apsw", "lxml", "shapely", "google.protobuf", "gateway.cli.alert"}
    code = "import sys; from gateway.cli import main; main(['--help'], standalone_mode=False)"
    code += f"; print({heavy!r} & sys.modules.keys())"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "set()"


@pytest.mark.parametrize("words", [("fly",), ("alert", "fly"), ("--loud",), ("translate",), ("alert", "list")])
def test_wrong_usage_is_told_on_stderr_with_code_2(bongsu: Bongsu, words: tuple[str, ...]) -> None:
    told = bongsu(*words)
    assert (told.exit_code, told.stdout) == (2, "")
    assert told.stderr.startswith("Usage: ")


def test_the_module_is_the_program(program: Program) -> None:
    process = program("adapter", "check", "nowhere")
    out, err = process.communicate()
    assert (process.returncode, out) == (3, b"")
    assert err.startswith(b"error: adapter-unknown: ")


def test_a_reader_that_left_ends_a_command_quietly(program: Program) -> None:
    read, write = os.pipe()
    os.close(read)
    process = program("adapter", "list", stdout=write)
    os.close(write)
    _, err = process.communicate()
    assert (process.returncode, err) == (130, b"")


def test_ctrl_c_ends_a_command_quietly(program: Program) -> None:
    with socket.create_server(("127.0.0.1", 0)) as deaf:
        url = f"http://127.0.0.1:{deaf.getsockname()[1]}"
        process = program("alert", "list", env=ENVIRONMENT | {"BONGSU_URL": url, "BONGSU_KEY": "key"})
        connection, _ = deaf.accept()
        with connection:
            connection.recv(10)
            process.send_signal(signal.SIGINT)
            out, err = process.communicate(timeout=30)
    assert (process.returncode, out, err) == (130, b"", b"")


@pytest.mark.parametrize(("setting", "coloured"), [({}, True), ({"NO_COLOR": "1"}, False)])
def test_colours_are_for_terminals_that_want_them(setting: dict[str, str], coloured: bool, program: Program) -> None:  # noqa: FBT001
    ours, theirs = pty.openpty()
    process = program("adapter", "check", "nowhere", stderr=theirs, env=ENVIRONMENT | setting)
    os.close(theirs)
    shown = os.read(ours, 10_000)
    assert process.wait() == 3
    process.communicate()
    os.close(ours)
    assert (b"\x1b[" in shown) is coloured
    assert b"adapter-unknown" in shown


def test_json_is_one_object_a_line_in_utf_8(program: Program) -> None:
    process = program("adapter", "list", "--json", env=ENVIRONMENT | {"PYTHONIOENCODING": "ascii"})
    out, _ = process.communicate()
    told = [json.loads(line)["adapter"] for line in out.decode("utf-8").splitlines()]
    assert told == sorted(told)
    assert {"river_sensorthings", "simple_json"} < set(told)
