"""Cell broadcast (3GPP TS 23.041): text as pages, identifiers and serial numbers, and a country's own plan for them."""
