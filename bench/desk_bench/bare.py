"""The baseline of `serving`: FastAPI, pydantic, one awaited insert; nothing is guaranteed."""

import os
import uuid
from typing import Literal

from fastapi import FastAPI, Response
from motor.motor_asyncio import AsyncIOMotorClient
from pydantic import BaseModel

app = FastAPI()
_client: AsyncIOMotorClient[dict[str, object]] = AsyncIOMotorClient(os.environ["BENCH_MONGO"])
_tickets = _client["bench_bare"]["tickets"]


class NewTicket(BaseModel):
    """The same fields as the desk asks for."""

    title: str
    description: str = ""
    kind: Literal["incident", "request", "question"] = "incident"
    channel: str = "api"


class Created(BaseModel):
    """The answer."""

    id: str
    title: str
    state: str


@app.get("/ready")
async def ready() -> Response:
    """Up."""
    return Response()


@app.post("/v1/tickets", status_code=201)
async def create(ticket: NewTicket) -> Created:
    """One insert."""
    id = str(uuid.uuid4())
    await _tickets.insert_one({"_id": id, **ticket.model_dump()})
    return Created(id=id, title=ticket.title, state="new")
