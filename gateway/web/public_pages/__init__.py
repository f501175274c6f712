"""The public's pages: what is published, in the reader's language, with no script at all."""

from aiohttp import web

from gateway.city import City
from gateway.fault import Unavailable
from gateway.publishing import Feeds
from gateway.web.public import FRESH_S, conditional
from gateway.web.public_pages.site import HERE, NAMED, SINGLE, STATIC, Address, Site, Town
from gateway.web.public_pages.tongue import chosen
from gateway.web.static import Static

__all__ = ["Address", "PublicPages", "Site", "Town"]

HTML = "text/html; charset=utf-8"
POLICY = "default-src 'none'; style-src 'self'; img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
HEADERS = {"Content-Security-Policy": POLICY, "Referrer-Policy": "no-referrer", "X-Frame-Options": "DENY"}


class PublicPages:
    """`/`, and one page for each alert, line and stop."""

    def __init__(self, feeds: Feeds, town: Town, city: City) -> None:
        """Show what these feeds publish."""
        self._feeds = feeds
        self._site = Site(town, city)
        self._static = Static(HERE / "static", STATIC)

    def routes(self) -> list[web.RouteDef]:
        """Return where they stand; a page without a language is in the reader's."""
        single, named = "{kind:" + "|".join(SINGLE) + "}", "{kind:" + "|".join(NAMED) + "}/{id}"
        places = ("/", f"/{single}", f"/{single}/{{language}}", f"/{named}", f"/{named}/{{language}}")
        ends = [place + "{end:/?}" if place != "/" else place for place in places]
        return [*(web.get(end, self.page) for end in ends), *self._static.routes()]

    async def page(self, request: web.Request) -> web.Response:
        """Return a page as of now, or one that says that there is none."""
        asked = request.match_info
        language = asked.get("language") or request.query.get("lang") or ""
        tag = self._tag(request, language)
        address = Address(asked.get("kind", "now"), asked.get("id", ""), tag)
        try:
            view = await self._feeds.view()
        except Unavailable:
            return self._away(address)
        if (language and tag != language) or not self._site.stands(view, address):
            return web.Response(body=self._site.missing(tag), status=404, headers=_headers(tag, "no-store"))
        served = await self._feeds.made(view, address.path, HTML, lambda view: self._site.page(view, address))
        response = conditional(request, served, f"public, max-age={FRESH_S}")
        response.headers.update(HEADERS | {"Content-Language": tag, "Content-Location": address.path, "Vary": "Accept-Language"})
        return response

    def _away(self, address: Address) -> web.Response:
        """Say that nobody knows; whatever address was asked for, its languages stand beside it."""
        headers = _headers(address.language, "no-store") | {"Retry-After": str(FRESH_S)}
        return web.Response(body=self._site.away(address), status=503, headers=headers)

    def _tag(self, request: web.Request, asked: str) -> str:
        have = self._site.town.languages
        return asked if asked in have else chosen(request.headers.get("Accept-Language", ""), have)


def _headers(language: str, caching: str) -> dict[str, str]:
    return HEADERS | {"Content-Type": HTML, "Content-Language": language, "Cache-Control": caching}
