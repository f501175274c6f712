"""What anybody may fetch: the feeds and issued CAP documents, with strong ETags and open to every origin."""

from datetime import timedelta

from aiohttp import web

from gateway.publishing import Feeds, Served

FRESH_S = 5
FOR_EVER_S = 31_536_000
CAP_DOCUMENT = "/feeds/cap/"
OPEN = ("/feeds/", "/events")
_PREFLIGHT = {
    "Access-Control-Allow-Methods": "GET, HEAD, OPTIONS",
    "Access-Control-Allow-Headers": "If-None-Match, If-Modified-Since, Cache-Control",
    "Access-Control-Max-Age": "86400",
}


class Public:
    """`/feeds/...`; a feed is found by its path, so that a new one touches nothing here."""

    def __init__(self, feeds: Feeds) -> None:
        """Serve these feeds."""
        self._feeds = feeds

    def routes(self) -> list[web.RouteDef]:
        """Return where they stand."""
        return [
            web.get(CAP_DOCUMENT + "{identifier}.xml", self.document),
            web.get("/feeds/{path:.+}", self.feed),
            web.options("/feeds/{path:.+}", self.preflight),
        ]

    async def feed(self, request: web.Request) -> web.Response:
        """Return a feed as of now."""
        served = await self._feeds.current(request.path, request.query)
        if served is None:
            raise web.HTTPNotFound
        return conditional(request, served, f"public, max-age={FRESH_S}")

    async def document(self, request: web.Request) -> web.Response:
        """Return an issued CAP document, which never changes."""
        served = await self._feeds.document(request.match_info["identifier"])
        return conditional(request, served, f"public, max-age={FOR_EVER_S}, immutable")

    async def preflight(self, _: web.Request) -> web.Response:
        """Let scripts of every origin ask conditionally."""
        return web.Response(status=204, headers=_PREFLIGHT)


async def open_to_all(request: web.Request, response: web.StreamResponse) -> None:
    """Mark feeds and events, refusals too, as readable by scripts of every origin."""
    if request.path.startswith(OPEN):
        response.headers["Access-Control-Allow-Origin"] = "*"
        response.headers["Access-Control-Expose-Headers"] = "ETag, Last-Modified"


def conditional(request: web.Request, served: Served, caching: str) -> web.Response:
    """Return bytes with what caches need, or 304 to who has them."""
    headers = {"Cache-Control": caching, "ETag": served.etag}
    unchanged = _unchanged(request, served)
    response = web.Response(status=304, headers=headers) if unchanged else web.Response(body=served.body, headers=headers)
    response.last_modified = served.modified
    if not unchanged:
        response.headers["Content-Type"] = served.media_type
    return response


def _unchanged(request: web.Request, served: Served) -> bool:
    """RFC 9110 section 13.2.2: If-None-Match decides alone where it is given."""
    known = request.if_none_match
    if known is not None:
        return any(tag.value in ("*", served.etag.strip('"')) for tag in known)
    since = request.if_modified_since
    return since is not None and served.modified - since < timedelta(seconds=1)
