"""What people in Hanbat call things, in Korean and English."""

from collections.abc import Mapping

ZONES: Mapping[str, tuple[str, str, int]] = {
    "9920010100": ("한내동", "Hannae-dong", 18_400),
    "9920010200": ("물빛동", "Mulbit-dong", 12_900),
    "9920010300": ("별터동", "Byeolteo-dong", 15_200),
    "9920010400": ("솔마루동", "Solmaru-dong", 21_700),
    "9920010500": ("느티동", "Neuti-dong", 16_300),
}

ALIASES: Mapping[str, list[str]] = {"9920010100": ["yuseong"]}
"""What some sources call a neighbourhood; the sample incident of the interface does."""

STATIONS = (
    ("별빛고개", "Byeolbit Hill"),
    ("솔마루", "Solmaru"),
    ("느티장터", "Neuti Market"),
    ("한내대교", "Hannae Bridge"),
    ("한내나루", "Hannae Ferry"),
    ("한밭구청", "Hanbat District Office"),
    ("물빛공원", "Mulbit Park"),
    ("별터", "Byeolteo"),
    ("동문", "Dongmun"),
)

RIVER: Mapping[str, object] = {"id": "hannae", "name": {"ko": "한내", "en": "Hannae River"}}
BRIDGE: Mapping[str, object] = {"id": "hannae-bridge", "name": {"ko": "한내대교", "en": "Hannae Bridge"}}
RIVERSIDE: Mapping[str, object] = {"id": "hannae-riverside", "name": {"ko": "한내 둔치", "en": "Hannae riverside"}}
SENSOR: Mapping[str, object] = {"id": "G-03", "name": {"ko": "한내대교 수위계", "en": "Hannae Bridge water gauge"}}
