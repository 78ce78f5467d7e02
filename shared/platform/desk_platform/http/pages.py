"""What a service shows to somebody with a browser: a page of links, and its calls to try.

Nothing is loaded from elsewhere: Swagger UI's files come out of a package
(https://github.com/turettn/fastapi_offline), so the pages work where there is no way outside.
"""

from collections.abc import Iterator
from importlib.resources import files
from typing import Annotated, Any, Literal

from desk_contracts.message import message
from desk_contracts.text import html_text
from fastapi import APIRouter, Depends, FastAPI, Path, Request
from fastapi.openapi.docs import get_swagger_ui_html
from starlette.responses import HTMLResponse, Response

from desk_platform.http.language import sentence, spoken_catalogue
from desk_platform.http.principal import PUBLIC

_MEDIA = {
    "swagger-ui-bundle.js": "text/javascript",
    "swagger-ui.css": "text/css",
    "favicon.png": "image/png",
}
_Asset = Literal["swagger-ui-bundle.js", "swagger-ui.css", "favicon.png"]
_FROM_HERE_ONLY = {
    "Content-Security-Policy": "default-src 'self' 'unsafe-inline'; img-src 'self' data:;"
    " base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
}
# They change with a release only.
_KEPT = {"Cache-Control": "public, max-age=86400"}
_STYLE = "body{font:16px/1.5 sans-serif;margin:2rem auto;max-width:60rem;padding:0 1rem}"
_METHODS = ("get", "post", "put", "patch", "delete")


def pages_router(app: FastAPI) -> APIRouter:
    """`GET /` and `GET /docs` of an application; they show its routes and nothing else."""
    router = APIRouter(include_in_schema=False, dependencies=[Depends(PUBLIC)])

    @router.get("/")
    async def show_links() -> Response:
        return HTMLResponse(_links(app), headers=_FROM_HERE_ONLY)

    @router.get("/docs")
    async def show_calls() -> Response:
        page = get_swagger_ui_html(
            openapi_url="openapi.json",
            title=app.title,
            swagger_js_url="docs/swagger-ui-bundle.js",
            swagger_css_url="docs/swagger-ui.css",
            swagger_favicon_url="docs/favicon.png",
            swagger_ui_parameters={"persistAuthorization": True, "tryItOutEnabled": True},
        )
        page.headers.update(_FROM_HERE_ONLY)
        return page

    @router.get("/docs/{file}")
    async def send_asset(_request: Request, file: Annotated[_Asset, Path()]) -> Response:
        content = files("fastapi_offline").joinpath("static", file).read_bytes()
        return Response(content, headers=_KEPT, media_type=_MEDIA[file])

    return router


def _links(app: FastAPI) -> str:
    title = html_text(app.title)
    rows = "".join(
        f'<li><a href="docs#/{html_text(tag)}/{html_text(operation["operationId"])}">'
        f"<code>{method.upper()} {html_text(path)}</code></a>"
        f" {html_text(operation['summary'])}</li>"
        for path, method, tag, operation in _operations(app.openapi())
    )
    ways = "".join(
        f'<li><a href="{way}">{html_text(sentence(shown))}</a></li>'
        for way, shown in (
            ("docs", message("page.calls")),
            ("openapi.json", message("page.document")),
            ("health/ready", message("page.ready")),
            ("metrics", message("page.metrics")),
        )
    )
    return (
        f'<!doctype html><html lang="{spoken_catalogue().language}"><head><meta charset="utf-8">'
        f"<title>{title}</title><style>{_STYLE}</style></head><body><h1>{title}</h1>"
        f"<p>{html_text(app.version)}</p><ul>{ways}</ul><ul>{rows}</ul></body></html>"
    )


def _operations(document: dict[str, Any]) -> Iterator[tuple[str, str, str, dict[str, Any]]]:
    for path, operations in document["paths"].items():
        for method in _METHODS:
            if method in operations:
                [tag, *_] = operations[method].get("tags") or ["default"]
                yield path, method, tag, operations[method]
