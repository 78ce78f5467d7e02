"""What people can get without logging a ticket: items of the catalogue, for those who may ask."""

from collections.abc import Mapping

from desk_contracts.message import Message, message
from desk_kernel.likeness import Likeness
from desk_platform.http import Principal
from desk_platform.http.language import spoken_catalogue, statements
from desk_platform.similar import Draft

from desk_intake.before.api.bodies import ItemMatch
from desk_intake.before.items import ItemTexts
from desk_intake.catalogue.api import CatalogueDeps, asker_of, find_offered
from desk_intake.catalogue.charter import CATALOGUE, CatalogueItem
from desk_intake.catalogue.view import show_item

# Of each kind so many are shown.
MOST = 5


class SelfService:
    """The catalogue as it is searched; its words are cut again when the charter is another."""

    def __init__(self, deps: CatalogueDeps) -> None:
        self._deps = deps
        self._texts = ("", ItemTexts(()))

    def list_offered(self, caller: Principal) -> Mapping[str, CatalogueItem]:
        """What the caller may ask for, by its name."""
        return find_offered(self._deps, asker_of(caller))

    def find(self, draft: Draft, service: str, caller: Principal) -> tuple[ItemMatch, ...]:
        """What fits the draft or is about its service, of what the caller may ask for."""
        offered = self.list_offered(caller)
        likenesses = self._read().rank(draft.terms, offered.keys(), MOST)
        same = [name for name, item in offered.items() if service and item.service == service]
        names = list(dict.fromkeys((*likenesses, *same)))[:MOST]
        return tuple(_view(offered[name], likenesses.get(name), service) for name in names)

    def _read(self) -> ItemTexts:
        charter = self._deps.tickets.charter()
        version, texts = self._texts
        if version != charter.version:
            texts = ItemTexts(charter.of(CATALOGUE))
            self._texts = (charter.version, texts)
        return texts


def explain(likeness: Likeness) -> Message:
    """Why something was found."""
    if likeness.shared:
        return message("similar.shared-words", words=likeness.shared)
    return message("similar.alike-letters")


def _view(item: CatalogueItem, likeness: Likeness | None, service: str) -> ItemMatch:
    reasons = [explain(likeness)] if likeness else []
    if service and item.service == service:
        reasons.append(message("similar.same-service", service=service))
    shown = show_item(item, spoken_catalogue().language)
    return ItemMatch(
        id=item.name,
        title=shown.title,
        likeness=round(likeness.score, 3) if likeness else 0.0,
        reasons=statements(reasons),
        description=shown.description,
        ask_at=shown.ask_at,
    )
