"""Phrases, typed slots and languages: what an alert says, decided and reviewed before it is needed."""

from gateway.words.compose import Ask, Composed, Words
from gateway.words.names import place_name
from gateway.words.slots import check_facts

__all__ = ["Ask", "Composed", "Words", "check_facts", "place_name"]
