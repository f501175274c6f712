"""Hanbat, a city that does not exist: its first district, drawn from a seed."""
