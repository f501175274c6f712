"""The standards; each one writes and reads back, and none of them talks to a machine."""
