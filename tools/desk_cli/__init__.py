"""`desk`: the operator's command line. Each group of commands is a module of its own."""

from desk_cli.main import main

__all__ = ["main"]
