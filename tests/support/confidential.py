"""The default charter with a confidential team or service."""

from pathlib import Path

from desk_charter import Charter, load_charter

DEFAULT = load_charter(Path(__file__).parents[2] / "charter")


def with_secrets(team: str = "", service: str = "") -> Charter:
    """The default charter with a confidential team or service."""
    parts = {name: getattr(DEFAULT, name) for name in Charter.model_fields}
    parts["teams"] = tuple(
        item.model_copy(update={"confidential": item.name == team}) for item in DEFAULT.teams
    )
    parts["services"] = tuple(
        item.model_copy(update={"confidential": item.name == service}) for item in DEFAULT.services
    )
    return Charter.model_validate(parts)


SERVICE = with_secrets(service="crm")


TEAM = with_secrets(team="business-apps")
