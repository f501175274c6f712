"""The record: what happened, what was said, what reached whom."""
