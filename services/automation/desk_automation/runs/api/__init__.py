"""Runs over HTTP: what is shown of them, and what people do with them."""
