"""A charter whose features obey other things than what is written down."""

from desk_charter import Charter


def obeying(charter: Charter, **sections: object) -> Charter:
    """The same charter with other sections, by their names."""
    return charter.model_copy(update={"obeyed": {**charter.obeyed, **sections}})
