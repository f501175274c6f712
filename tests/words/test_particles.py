"""Particles as a Korean would write them."""

import pytest

from gateway.words.particles import PAIRS, particle

WRITTEN = [
    ("갑천 둔치", "이/가", "가"),
    ("갑천교", "은/는", "는"),
    ("유성구청", "이/가", "이"),
    ("둔산동", "을/를", "을"),
    ("체육관", "으로/로", "으로"),
    ("학교", "으로/로", "로"),
    ("서울", "으로/로", "로"),
    ("서울", "은/는", "은"),
    ("터널", "과/와", "과"),
    ("다리", "과/와", "와"),
    ("갑천(甲川)", "을/를", "을"),
    ("「한밭역」", "이/가", "이"),
    ("대피소 1", "으로/로", "로"),
    ("대피소 1", "이/가", "이"),
    ("대피소 2", "으로/로", "로"),
    ("대피소 2", "이/가", "가"),
    ("대피소 3", "으로/로", "으로"),
    ("출구 7", "으로/로", "로"),
    ("출구 8", "을/를", "을"),
    ("출구 10", "으로/로", "으로"),
    ("119", "으로/로", "로"),
    ("112", "으로/로", "로"),
    ("4.2m", "은/는", "는"),
    ("1.5km", "이/가", "가"),
    ("30 cm", "을/를", "를"),
    ("KTX", "이/가", "가"),
    ("ITEM", "은/는", "은"),
    ("MALL", "으로/로", "로"),
    ("DR", "으로/로", "로"),
    ("Expo", "으로/로", "로"),
    ("Station", "으로/로", "으로"),
    ("Terminal", "으로/로", "로"),
    ("Building", "이/가", "이"),
    ("Market", "을/를", "을"),
    ("Street", "을/를", "를"),
    ("Park", "이/가", "가"),
    ("river", "이/가", "가"),
    ("广场", "이/가", "이(가)"),
    ("广场", "으로/로", "(으)로"),
    ("", "을/를", "을(를)"),
]


@pytest.mark.parametrize(("word", "pair", "expected"), WRITTEN)
def test_the_particle_follows_the_sound(word: str, pair: str, expected: str) -> None:
    assert particle(word, pair) == expected


@pytest.mark.parametrize("pair", PAIRS)
def test_every_syllable_gets_one_of_the_two(pair: str) -> None:
    """The finals of the Unicode block repeat every 28 syllables; 가, 개, 갸 ... have none."""
    open_syllables = "가개갸거게겨고교구규그기나하히"
    closed = "각간갇감갑강같한힣"
    assert {particle(syllable, pair) for syllable in open_syllables} == {pair.partition("/")[2]}
    assert {particle(syllable, pair) for syllable in closed} == {pair.partition("/")[0]}


def test_an_unknown_pair_is_an_error() -> None:
    with pytest.raises(KeyError):
        particle("갑천", "은/을")
