"""Lanes for the kill suite; every victim comes from one process that has everything imported."""

import multiprocessing
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.support.chaos_lane import Lane, OpenLane


@pytest.fixture
async def open_lane(kafka: str, mongo: str, prefix: str, tmp_path: Path) -> AsyncIterator[OpenLane]:
    processes = multiprocessing.get_context("forkserver")
    processes.set_forkserver_preload(["tests.support.chaos_worker"])
    lanes: list[Lane] = []

    async def open_one(seed: int) -> Lane:
        lane = Lane(kafka, mongo, f"{prefix}{seed}-", tmp_path, processes, seed)
        lanes.append(lane)
        await lane.open()
        return lane

    yield open_one
    for lane in lanes:
        await lane.close()
