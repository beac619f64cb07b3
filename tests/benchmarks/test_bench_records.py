"""What the benchmark makes of the table `blocking_recall`."""

from tests.benchmarks.bench_records import reached_pairs

COLUMNS = ("source_dataset_l", "source_dataset_r", "match_key", "pairs")


def test_true_pairs_are_summed_by_datasets_and_over_all():
    rows = [
        ("crown", "prison", "0", 30),
        ("crown", "prison", "12", 5),
        ("crown", "prison", "none", 15),
        ("crown", "crown", "none", 2),  # none of these is made
    ]
    assert reached_pairs(dict(zip(COLUMNS, row, strict=True)) for row in rows) == {
        "crown x prison": (35, 50),
        "crown x crown": (0, 2),
        "all": (35, 52),
    }
