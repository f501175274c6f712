"""Language tags as riders' apps ask for them: many ask for "zh" and would not find "zh-Hans"."""

from collections import Counter
from collections.abc import Sequence


def tags(languages: Sequence[str]) -> tuple[str, ...]:
    """Return BCP 47 tags in the same order: the bare language where only one of them speaks it, else the full tag."""
    speakers = Counter(_bare(language) for language in languages)
    return tuple(bare if speakers[bare := _bare(language)] == 1 else language for language in languages)


def _bare(language: str) -> str:
    return language.split("-", maxsplit=1)[0].lower()
