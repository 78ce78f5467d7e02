"""Lanes for the kill suite; every victim comes from one process that has everything imported."""

import multiprocessing
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.support.chaos_rig import ChaosRig, OpenRig


@pytest.fixture
async def open_rig(
    kafka: str, store_url: str, prefix: str, tmp_path: Path
) -> AsyncIterator[OpenRig]:
    processes = multiprocessing.get_context("forkserver")
    processes.set_forkserver_preload(["tests.support.chaos_worker"])
    rigs: list[ChaosRig] = []

    async def open_one(seed: int) -> ChaosRig:
        rig = ChaosRig(kafka, store_url, f"{prefix}{seed}-", tmp_path, processes, seed)
        rigs.append(rig)
        await rig.open()
        return rig

    yield open_one
    for rig in rigs:
        await rig.close()
