"""Bongsu: from a city's incidents to its people."""
