"""Records brought into chunks, over all cores, and kept."""

from __future__ import annotations

from pyspark import StorageLevel
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from linkage.engine import chunks


def packed(frame: DataFrame) -> DataFrame:
    """A frame in chunks, partition by partition."""
    return frame.mapInArrow(chunks.pack, chunks.SCHEMA)


def spread(packed: DataFrame) -> DataFrame:
    """Chunks over all cores, whatever the files of the input were.

    The rows of each partition must come in the same order if a task is run again, as those of a
    scan do: a chunk is known by its place in its partition.
    """
    parts = parallelism(packed)
    # An odd stride, about half of all parts: a few long partitions overlap little, many short ones spread.
    stride = (parts // 2 + 1) | 1
    return packed.repartitionById(parts, F.pmod(F.col("place") + F.spark_partition_id() * stride, F.lit(parts)))


def kept(packed: DataFrame) -> DataFrame:
    """Chunks that are made once: in memory, else on the executors' own disks, encrypted where Spark is told so."""
    return packed.persist(StorageLevel.MEMORY_AND_DISK)


def parallelism(frame: DataFrame) -> int:
    """In how many partitions all cores have work.

    A cluster that is still starting its executors reports few cores, so the profile's number of
    shuffle partitions counts too.
    """
    session = frame.sparkSession
    return max(session.sparkContext.defaultParallelism, int(session.conf.get("spark.sql.shuffle.partitions") or 1))
