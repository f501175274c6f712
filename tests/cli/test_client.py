import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from tests.cli.conftest import Bongsu

Answers = Callable[[int, bytes], str]


@pytest.fixture
def answers() -> Iterator[Answers]:
    """Listen for one request and give it one answer; returns the URL."""
    servers: list[tuple[HTTPServer, threading.Thread]] = []

    def listen(status: int, body: bytes) -> str:
        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self.send_response(status)
                self.send_header("Content-Length", str(len(body)))
                self.send_header("Location", "http://127.0.0.1:1/")
                self.end_headers()
                self.wfile.write(body)

            do_POST = do_PATCH = do_GET  # noqa: N815 - their names

            def log_message(self, *_: object) -> None:
                pass

        server = HTTPServer(("127.0.0.1", 0), Handler)
        thread = threading.Thread(target=server.handle_request)
        thread.start()
        servers.append((server, thread))
        return f"http://127.0.0.1:{server.server_port}"

    yield listen
    for server, thread in servers:
        thread.join()
        server.server_close()


def error(code: str, **more: object) -> bytes:
    """Return an answer in the one error shape."""
    return json.dumps({"error": {"code": code, "message": "it says no", **more}}).encode()


@pytest.mark.parametrize(
    ("status", "body", "code", "told"),
    [
        (400, error("json-syntax"), 3, "error: json-syntax: it says no"),
        (401, error("credential", details={"hint": "send a key"}), 4, "error: credential: it says no - send a key"),
        (403, error("role-missing"), 4, "error: role-missing: it says no"),
        (404, error("missing", path="/id"), 1, "error: missing: it says no (at /id)"),
        (409, error("stale"), 4, "error: stale: it says no"),
        (422, error("schema-enum"), 3, "error: schema-enum: it says no"),
        (429, error("rate-limited"), 6, "error: rate-limited: it says no"),
        (500, error("internal"), 1, "error: internal: it says no"),
        (503, error("store-unavailable"), 6, "error: store-unavailable: it says no"),
        (200, b"<html>", 6, "error: gateway-answer: "),
        (200, b"[]", 6, "error: gateway-answer: "),
        (302, b"", 6, "error: gateway-answer: "),
        (502, b"{}", 6, "error: http-502: "),
    ],
)
def test_an_answer_ends_with_its_code(bongsu: Bongsu, answers: Answers, status: int, body: bytes, code: int, told: str) -> None:  # noqa: PLR0913, PLR0917 - one for each column
    answer = bongsu("alert", "list", env={"BONGSU_URL": answers(status, body), "BONGSU_KEY": "key"})
    assert (answer.exit_code, answer.stdout) == (code, "")
    assert answer.stderr.startswith(told)


@pytest.mark.parametrize("url", ["http://127.0.0.1:1", "http://127.0.0.1:1/", "http://nowhere.invalid", "no url"])
def test_a_gateway_that_is_away_is_told_without_the_key(bongsu: Bongsu, url: str) -> None:
    answer = bongsu("alert", "list", env={"BONGSU_URL": url, "BONGSU_KEY": "bongsu_secret"})
    assert (answer.exit_code, answer.stdout) == (6, "")
    assert answer.stderr.startswith("error: gateway-away: ")
    assert "bongsu_secret" not in answer.stderr


@pytest.mark.parametrize("missing", ["BONGSU_URL", "BONGSU_KEY"])
def test_what_is_not_set_is_named(bongsu: Bongsu, missing: str) -> None:
    given = {"BONGSU_URL": "http://127.0.0.1:1", "BONGSU_KEY": "key"}
    del given[missing]
    answer = bongsu("alert", "list", env=given)
    assert answer.exit_code == 2
    assert f"{missing} is not set" in answer.stderr


@pytest.mark.parametrize(
    "words",
    [
        ("approve", "A", "--version", "1", "--hash", "x"),
        ("cancel", "A", "--reason", "wrong"),
        ("end", "A", "--reason", "over"),
        ("update", "A"),
        ("reject", "A", "--version", "1", "--reason", "no"),
        ("submit", "A", "--revision", "1"),
        ("edit", "A", "--revision", "1", "--expires", "2026-07-14T18:20:00+09:00"),
    ],
)
def test_an_operator_who_was_not_heard_is_told_so_and_what_to_do(
    bongsu: Bongsu, answers: Answers, words: tuple[str, ...]
) -> None:
    away = error("store-unavailable")
    for url, known in (
        ("http://127.0.0.1:1", "NOT SENT: "),
        (answers(503, away), "NOT SENT: "),
        (answers(502, b"{}"), "NOT KNOWN"),
        (answers(503, error("store-answer-late")), "NOT KNOWN"),
        (answers(500, error("internal")), "NOT KNOWN"),
    ):
        answer = bongsu("alert", *words, env={"BONGSU_URL": url, "BONGSU_KEY": "key"})
        assert (answer.exit_code, answer.stdout) == (6, "")
        assert answer.stderr.split(": ", 2)[2].startswith(known), answer.stderr
        assert "warn by hand now" in answer.stderr
