"""The desk's manners on HTTP: problems, sign-in, safe retries, ETags, paging, the app itself."""

from desk_shared.http.app import AppParts, make_app
from desk_shared.http.auth import DevAuthenticator, OidcAuthenticator, authenticator_from
from desk_shared.http.etags import Precondition, etag, not_modified, precondition
from desk_shared.http.idempotency import (
    Fresh,
    IdempotencyStore,
    IdempotentCall,
    InProgress,
    Mismatch,
    Replay,
    StoredResponse,
    calls_without_key,
    check_same,
    idempotent,
    keyed,
)
from desk_shared.http.paging import (
    Cursors,
    Page,
    PageRequest,
    Position,
    cursors_from,
    link_next,
    page_request,
)
from desk_shared.http.principal import (
    PUBLIC,
    STAFF,
    Authenticator,
    Principal,
    Role,
    current_principal,
    require,
    undeclared_routes,
)
from desk_shared.http.problems import Problem
from desk_shared.http.refusals import (
    BadRequest,
    PreconditionRequired,
    TooManyRequests,
    Unauthenticated,
)

__all__ = [
    "PUBLIC",
    "STAFF",
    "AppParts",
    "Authenticator",
    "BadRequest",
    "Cursors",
    "DevAuthenticator",
    "Fresh",
    "IdempotencyStore",
    "IdempotentCall",
    "InProgress",
    "Mismatch",
    "OidcAuthenticator",
    "Page",
    "PageRequest",
    "Position",
    "Precondition",
    "PreconditionRequired",
    "Principal",
    "Problem",
    "Replay",
    "Role",
    "StoredResponse",
    "TooManyRequests",
    "Unauthenticated",
    "authenticator_from",
    "calls_without_key",
    "check_same",
    "current_principal",
    "cursors_from",
    "etag",
    "idempotent",
    "keyed",
    "link_next",
    "make_app",
    "not_modified",
    "page_request",
    "precondition",
    "require",
    "undeclared_routes",
]
