"""What people in Hanbat call their districts and neighbourhoods, in Korean and in English (Revised Romanization)."""

from collections.abc import Mapping

DISTRICTS: Mapping[str, tuple[str, str]] = {
    "9911000000": ("동문구", "Dongmun-gu"),
    "9914000000": ("서림구", "Seorim-gu"),
    "9917000000": ("남촌구", "Namchon-gu"),
    "9920000000": ("한내구", "Hannae-gu"),
    "9923000000": ("새벌구", "Saebeol-gu"),
}

ZONES: Mapping[str, tuple[str, str, int]] = {
    "9911010100": ("동문동", "Dongmun-dong", 36_100),
    "9911010200": ("장터동", "Jangteo-dong", 33_800),
    "9911010300": ("매화동", "Maehwa-dong", 21_400),
    "9911010400": ("해오름동", "Haeoreum-dong", 29_700),
    "9914010100": ("서림동", "Seorim-dong", 27_900),
    "9914010200": ("버들동", "Beodeul-dong", 34_600),
    "9914010300": ("대숲동", "Daesup-dong", 18_200),
    "9914010400": ("안골동", "Angol-dong", 9_300),
    "9914010500": ("돌다리동", "Doldari-dong", 14_100),
    "9914010600": ("살구동", "Salgu-dong", 25_500),
    "9917010100": ("남촌동", "Namchon-dong", 31_200),
    "9917010200": ("배꽃동", "Baekkot-dong", 16_800),
    "9917010300": ("모래내동", "Moraenae-dong", 28_600),
    "9917010400": ("연못동", "Yeonmot-dong", 22_700),
    "9920010100": ("한내동", "Hannae-dong", 38_400),
    "9920010200": ("물빛동", "Mulbit-dong", 32_900),
    "9920010300": ("별터동", "Byeolteo-dong", 35_200),
    "9920010400": ("솔마루동", "Solmaru-dong", 31_700),
    "9920010500": ("느티동", "Neuti-dong", 36_300),
    "9923010100": ("새벌동", "Saebeol-dong", 41_800),
    "9923010200": ("노을동", "Noeul-dong", 34_900),
    "9923010300": ("하늘동", "Haneul-dong", 26_300),
    "9923010400": ("바람골동", "Baramgol-dong", 24_600),
    "9923010500": ("은빛동", "Eunbit-dong", 38_700),
    "9923010600": ("옥샘동", "Oksaem-dong", 20_500),
}
"""By their codes, which begin with the five digits of their district: both names, and how many people live there."""

ALIASES: Mapping[str, list[str]] = {"9920010100": ["yuseong"]}
"""What some sources call a neighbourhood; the sample incident of the interface does."""


def district(code: str) -> str:
    """Return the code of the district a neighbourhood lies in."""
    return f"{code[:5]}00000"
