"""One error shape for every refusal, and which HTTP status each kind of fault gets."""

import math
from collections.abc import Mapping

import msgspec
import structlog
from aiohttp import web
from aiohttp.typedefs import Handler

from gateway.fault import INTERNAL, BadInput, Conflict, Fault, Faults, Missing, Refused, Unavailable

JSON = "application/json"
UNPARSABLE = ("json-", "xml-", "idempotency-key-", "parameter-")
RETRY_AFTER_S = 2.0

log = structlog.get_logger()


class Unauthorised(Fault):
    """Nobody we know: no credential, a wrong one, or one of another door; all three get the same answer."""


class Undeliverable(BadInput):
    """The request cannot be taken in as HTTP: too large, too slow, or in a form we do not read."""

    def __init__(self, status: int, code: str, message: str, *, hint: str) -> None:
        """Carry the status that says so."""
        super().__init__(code, message, hint=hint)
        self.status = status


class TooMany(Unavailable):
    """More requests than this source was granted; `wait_s` is when the next one passes."""

    def __init__(self, message: str, wait_s: float) -> None:
        """Say how long to wait."""
        super().__init__("rate-limited", message, hint="spread the requests, or send several items in one")
        self.wait_s = wait_s


def answer(body: object, *, status: int = 200, headers: Mapping[str, str] | None = None) -> web.Response:
    """Return a JSON answer that no cache keeps."""
    kept = {"Cache-Control": "no-store"} | dict(headers or {})
    return web.Response(body=msgspec.json.encode(body), status=status, content_type=JSON, headers=kept)


def refusal(fault: Fault) -> web.Response:
    """Return a fault as `{"error": {"code", "message", "path"?, "details"?}}` with its status."""
    return answer({"error": _told(fault)}, status=status(fault), headers=_headers(fault))


def status(fault: Fault) -> int:
    """Return the HTTP status of a fault; the same bad input gets the same one every time."""
    if isinstance(fault, Undeliverable):
        return fault.status
    if isinstance(fault, BadInput):
        return 400 if fault.code.startswith(UNPARSABLE) else 422
    return next(status for kind, status in _STATUS if isinstance(fault, kind))


_STATUS: tuple[tuple[type[Fault], int], ...] = (
    (Unauthorised, 401),
    (Refused, 403),
    (Missing, 404),
    (Conflict, 409),
    (TooMany, 429),
    (Unavailable, 503),
    (Fault, 500),
)


@web.middleware
async def one_shape(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Turn everything that goes wrong into the one error shape; what we did not foresee is logged and says nothing."""
    try:
        return await handler(request)
    except Fault as fault:
        return refusal(fault)
    except web.HTTPRequestEntityTooLarge:
        return refusal(too_large())
    except web.HTTPException as error:
        return _plain(error)
    except Exception:
        log.exception("web.internal", method=request.method, path=request.path)
        return answer({"error": {"code": INTERNAL, "message": "something went wrong here; it was logged"}}, status=500)


def too_large() -> Undeliverable:
    """Return the refusal of a body beyond the limit."""
    return Undeliverable(413, "body-too-large", "the body is larger than we take", hint="send fewer items at once")


def _plain(error: web.HTTPException) -> web.Response:
    code = {404: "not-found", 405: "method-not-allowed"}.get(error.status, f"http-{error.status}")
    allowed = {"Allow": error.headers["Allow"]} if "Allow" in error.headers else {}
    return answer({"error": {"code": code, "message": error.reason}}, status=error.status, headers=allowed)


def _told(fault: Fault) -> dict[str, object]:
    told: dict[str, object] = {"code": fault.code, "message": fault.message}
    if fault.path:
        told["path"] = fault.path
    if details := _details(fault):
        told["details"] = details
    return told


def _details(fault: Fault) -> dict[str, object]:
    details: dict[str, object] = {"hint": fault.hint} if fault.hint else {}
    if isinstance(fault, Faults):
        details["findings"] = fault.findings
    return details


def _headers(fault: Fault) -> dict[str, str]:
    if isinstance(fault, Unauthorised):
        return {"WWW-Authenticate": 'Bearer realm="bongsu"'}
    if isinstance(fault, Unavailable):
        wait = fault.wait_s if isinstance(fault, TooMany) else RETRY_AFTER_S
        return {"Retry-After": str(math.ceil(wait))}
    return {}
