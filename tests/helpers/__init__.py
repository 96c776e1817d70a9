"""The helpers that notebooks import."""
