"""A city on this machine: gateway, sources and far sides on loopback."""
