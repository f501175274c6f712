"""The one place that finds and opens what ships beside the code: schemas, translations, adapters."""

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent
_CHECKOUT = _PACKAGE.parent
_PACKED = _PACKAGE / "_shipped"


def folder(name: str) -> Path:
    """Return the shipped folder of that name; a checkout wins over the copy packed into a wheel."""
    for root in (_CHECKOUT, _PACKED):
        if (root / "schemas" / "hazards.toml").is_file():
            return root / name
    message = f"{name}/ was found neither beside nor inside {_PACKAGE}: the installation is incomplete"
    raise FileNotFoundError(message)


def read(name: str) -> bytes:
    """Return the bytes of one shipped file, named by its path from the checkout's root."""
    top, _, rest = name.partition("/")
    return (folder(top) / rest).read_bytes()
