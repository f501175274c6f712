"""Hanbat, a city that does not exist, drawn from a seed."""
