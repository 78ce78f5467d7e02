"""The desk's manners on HTTP: problems, sign-in, safe retries, ETags, paging, the app itself."""

from desk_platform.http.app import AppParts, make_app
from desk_platform.http.auth import DevAuthenticator, authenticator_from
from desk_platform.http.body import Uploads
from desk_platform.http.etags import (
    Precondition,
    etag,
    not_modified,
    optional_precondition,
    precondition,
)
from desk_platform.http.idempotency import (
    IdempotentCall,
    KeyedCaller,
    calls_without_key,
    check_same,
    require_key,
    require_with_key,
)
from desk_platform.http.instants import WrittenDay, WrittenMoment, between
from desk_platform.http.paging import (
    Cursors,
    Page,
    PageRequest,
    Position,
    cursors_from,
    find_visible,
    link_next,
    page_request,
    place_of,
)
from desk_platform.http.principal import (
    PUBLIC,
    STAFF,
    Authenticator,
    Principal,
    Role,
    UndeclaredRoutes,
    find_undeclared_routes,
    may_see_person,
    refuse_undeclared,
    require,
    sight,
)
from desk_platform.http.refusals import (
    BadRequest,
    PreconditionRequired,
    TooManyRequests,
    Unauthenticated,
    UnsupportedMediaType,
)
from desk_platform.http.request_model import RequestModel
from desk_platform.http.texts import SINGLE_LINE, Name, RequiredName, RequiredText

__all__ = [
    "PUBLIC",
    "SINGLE_LINE",
    "STAFF",
    "AppParts",
    "Authenticator",
    "BadRequest",
    "Cursors",
    "DevAuthenticator",
    "IdempotentCall",
    "KeyedCaller",
    "Name",
    "Page",
    "PageRequest",
    "Position",
    "Precondition",
    "PreconditionRequired",
    "Principal",
    "RequestModel",
    "RequiredName",
    "RequiredText",
    "Role",
    "TooManyRequests",
    "Unauthenticated",
    "UndeclaredRoutes",
    "UnsupportedMediaType",
    "Uploads",
    "WrittenDay",
    "WrittenMoment",
    "authenticator_from",
    "between",
    "calls_without_key",
    "check_same",
    "cursors_from",
    "etag",
    "find_undeclared_routes",
    "find_visible",
    "link_next",
    "make_app",
    "may_see_person",
    "not_modified",
    "optional_precondition",
    "page_request",
    "place_of",
    "precondition",
    "refuse_undeclared",
    "require",
    "require_key",
    "require_with_key",
    "sight",
]
