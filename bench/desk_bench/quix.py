"""Tumbling one-minute counts per key with Quix Streams: what the desk's cells are held against.

Run by a Python of its own (`python -P quix.py SERVERS TOPIC RECORDS FOLDER`), since Quix Streams
needs other versions of what the desk uses; it imports nothing of the desk and prints one JSON line.
"""

import json
import sys
from pathlib import Path
from time import perf_counter
from typing import Any

from quixstreams import Application  # type: ignore[import-not-found]  # not in our environment

MINUTE_MS = 60_000


def main() -> None:
    """Its own defaults: state in RocksDB, changes of it on a topic, commits every 5 s."""
    servers, name, records, folder = sys.argv[1:]
    app = Application(
        broker_address=servers,
        consumer_group="quix",
        auto_offset_reset="earliest",
        state_dir=Path(folder),
        loglevel="ERROR",
    )
    topic = app.topic(
        name,
        key_deserializer="str",
        value_deserializer="json",
        timestamp_extractor=lambda value, *_: int(value["contributions"][0][1]) // 1000,
    )
    moments: list[float] = []
    counts: dict[str, int] = {}
    frame = app.dataframe(topic)
    frame = frame.update(lambda _: moments.append(perf_counter()))
    frame = frame.tumbling_window(MINUTE_MS).count().current()
    frame.update(lambda value, key, *_: _keep(counts, key, value), metadata=True)
    frame.update(lambda _: moments.append(perf_counter()))
    app.run(count=int(records), timeout=30, collect=False)
    # From the first record to the last, without its last commit: that is in its favour.
    seconds = moments[-1] - moments[0]
    print(json.dumps({"records": len(moments) // 2, "seconds": seconds, "counts": counts}))


def _keep(counts: dict[str, int], key: str, window: dict[str, Any]) -> None:
    counts[f"{key} {window['start'] // MINUTE_MS}"] = window["value"]


if __name__ == "__main__":
    main()
