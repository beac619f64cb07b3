"""Clusters generated edges with the engine's own components, in a process of its own.

Usage: python -m tests.benchmarks.engine_edges --edges N --output FOLDER --scratch FOLDER --memory GB

The edges are those of many small groups, of some long chains and of one star, under scattered IDs.
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from jobs.harness.limits import component_limits
from linkage.engine.components import connected_components
from tests.benchmarks.engine_session import session
from tests.benchmarks.engine_watch import tell_phase

# Edges of a star and of each chain; the rest go to groups of four edges in a row.
_STAR, _CHAIN, _GROUP = 100_000, 1_000, 4
_SCATTER, _SPAN = 331_804_471, 2**34


def main() -> None:
    """Make the edges, find the components, write them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--edges", type=int, required=True)
    parser.add_argument("--memory", type=int, required=True)
    for name in ("output", "scratch"):
        parser.add_argument(f"--{name}", type=Path, required=True)
    options = parser.parse_args()
    began = time.monotonic()
    spark = session("bench edges", memory=options.memory, more={"spark.local.dir": str(options.scratch)})
    seconds = {"session": time.monotonic() - began}
    path = str(options.scratch / "edges")
    began = time.monotonic()
    edges(spark, options.edges).write.parquet(path)
    seconds["read"] = time.monotonic() - began
    tell_phase("read")
    began = time.monotonic()
    options.output.mkdir(parents=True)
    target = str(options.output / "components")
    found = connected_components(spark.read.parquet(path), component_limits(spark))
    if isinstance(found.rows, pa.Table):
        pq.write_table(found.rows, f"{target}.parquet")
    else:
        found.rows.write.parquet(target)
    seconds["cluster"] = time.monotonic() - began
    tell_phase("cluster")
    document = {"seconds": seconds, "counts": {"pairs_kept": options.edges, "clusters": found.count}}
    (options.output / "run.json").write_text(json.dumps(document), encoding="utf-8")
    spark.stop()


def edges(spark: SparkSession, count: int) -> DataFrame:
    """Exactly `count` edges, `l` and `r` (bigint): a star, chains, and groups of four in a row."""
    n = F.col("id")
    in_star, in_chains = n < min(_STAR, count // 4), n < count // 4
    hub = F.lit(2 * count)
    # Nodes are numbered as edges are, and each row has one node more than it has edges.
    length = F.when(in_chains, _CHAIN).otherwise(_GROUP)
    row = F.floor(n / length)
    left = F.when(in_star, hub).otherwise(n + row)
    right = F.when(in_star, n + row).otherwise(n + row + 1)
    return spark.range(count).select(_scattered(left).alias("l"), _scattered(right).alias("r"))


def _scattered(node):
    return F.pmod(node * F.lit(_SCATTER), F.lit(_SPAN))


if __name__ == "__main__":
    main()
