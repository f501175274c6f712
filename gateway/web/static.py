"""Pages' style and scripts: few files, vendored, kept by browsers for ever because their addresses name their bytes."""

from pathlib import Path

from aiohttp import web

TYPES = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}


class Static:
    """The static files of one room of pages."""

    def __init__(self, folder: Path, where: str) -> None:
        """Read the folder once, and serve it below `where`."""
        self._where = where
        self._files = {file.name: file.read_bytes() for file in folder.iterdir() if file.suffix in TYPES}

    def routes(self) -> list[web.RouteDef]:
        """Return where they stand."""
        return [web.get(self._where + "{name}", self.file)]

    async def file(self, request: web.Request) -> web.Response:
        """Return one file."""
        name = request.match_info["name"]
        if name not in self._files:
            raise web.HTTPNotFound
        headers = {"Cache-Control": "public, max-age=31536000, immutable", "X-Content-Type-Options": "nosniff"}
        return web.Response(body=self._files[name], content_type=TYPES[Path(name).suffix], charset="utf-8", headers=headers)
