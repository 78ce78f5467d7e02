"""Renders messages (a code and its parameters) in a reader's language, at the edges only."""

from desk_contracts.messages.catalogue import LANGUAGES, Catalogue, Language, catalogue, negotiate

__all__ = ["LANGUAGES", "Catalogue", "Language", "catalogue", "negotiate"]
