"""Figures as a Parquet file, for whoever goes on with them in a notebook or a data warehouse.

Its library is larger than all the rest of the service, so it is loaded with the first file that is
asked for: without one the service starts as fast and stays as small as if it were not there.
"""

import io
from collections.abc import Sequence

from desk_metrics.measures.figures import figures_of
from desk_metrics.measures.query import FigureQuery, FigureRow
from desk_metrics.measures.totals import QuerySpan, Totals

PARQUET = "application/vnd.apache.parquet"


def parquet_of(query: FigureQuery, rows: Sequence[FigureRow]) -> bytes:
    """The same columns as in CSV, typed; no figure is null. It blocks: use a thread."""
    import pyarrow as pa  # noqa: PLC0415  (see above)
    import pyarrow.parquet as pq  # noqa: PLC0415

    moment = pa.timestamp("us", tz="UTC")
    columns = {
        "start": pa.array([row.start for row in rows], moment),
        "end": pa.array([item.end for item in rows], moment),
        "slice": pa.array([item.slice for item in rows], pa.string()),
    }
    for name in figures_of(Totals(), QuerySpan(0, 0, 0)):
        columns[name] = pa.array([item.figures[name] for item in rows], pa.float64())
    metadata = {"as_of": query.as_of.isoformat(), "by": query.by or "", "grain": query.grain}
    out = io.BytesIO()
    pq.write_table(pa.table(columns).replace_schema_metadata(metadata), out)
    return out.getvalue()
