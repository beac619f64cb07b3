"""A table of linkage errors in a few lines for people: overall, by pair of datasets, the worst subgroups.

What stands on synthetic truth says so each time: the generator shares its error rates with the models,
so nothing here is an accuracy on real records. A second profile of errors, which no model was made for,
says how much of it hangs on that (`compared`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from pyspark.sql import DataFrame, Row
from pyspark.sql import functions as F

from linkage.quality.linkage_error import ALL, TruthBasis

# The names under which the measures of pairs have always been told.
_ACCURACY = {"precision": "pair_precision", "recall": "pair_recall", "f1": "pair_f1"}
_ERRORS = {"missed": "missed_match_rate", "false": "false_match_rate"}
# Groups with fewer pairs than this tell by chance what they tell (assumed).
_ENOUGH = 30
_WORST = 5
_SYNTHETIC = {
    TruthBasis.SYNTHETIC: "the generator shares its error rates with the model",
    TruthBasis.SYNTHETIC_MISSPECIFIED: "its errors are unlike those that the model expects, and still made up",
}


def overall_accuracy(rates: DataFrame) -> dict[str, float | None]:
    """`precision`, `recall` and `f1` of all pairs, from a table of linkage errors; null over nothing.

    >>> from linkage.quality.linkage_error import linkage_error
    >>> df = spark.createDataFrame([(1, 7), (1, 7), (1, 8), (2, 8)], "cluster int, person int")
    >>> given = TruthBasis.GIVEN
    >>> overall_accuracy(linkage_error(df, truth="person", cluster="cluster", basis=given, replicates=0))
    {'precision': 0.333..., 'recall': 0.5, 'f1': 0.4}
    """
    found = _rates(rates.where((F.col("datasets") == ALL) & (F.col("subgroup") == ALL)), _ACCURACY.values())
    return {name: found[ALL, ALL, ALL, measure]["rate"] if found else None for name, measure in _ACCURACY.items()}


def reading(rates: DataFrame) -> list[str]:
    """Lines for people: overall, by pair of datasets, and the subgroups with the highest errors.

    Subgroups are named where the interval of their error lies wholly above the rate of all records and
    at least 30 pairs stand behind it, the highest first, five of each error at most.

    Args:
        rates: The table `linkage_error`; it is filtered before it is collected.
    """
    measures = (*_ACCURACY.values(), *_ERRORS.values())
    found = _rates(rates.where((F.col("datasets") == ALL) | (F.col("subgroup") == ALL)), measures)
    if not found:
        return ["linkage error: no record has a known person, so nothing could be measured"]
    lines = ["linkage error of pairs, with 95% intervals:", _heading()]
    lines += [_line(datasets, found, datasets) for datasets in _datasets(found)]
    for word, measure in _ERRORS.items():
        lines += _worst(found, word, measure)
    return [*lines, _caution(str(next(iter(found.values()))["truth_basis"]))]


def compared(rates: DataFrame, others: DataFrame) -> list[str]:
    """The same measures on two truths beside each other, overall and by pair of datasets.

    Args:
        rates: The table `linkage_error` of a run.
        others: That of another, as of the same model on other errors.
    """
    tables = [_rates(each.where(F.col("subgroup") == ALL), _ACCURACY.values()) for each in (rates, others)]
    if not all(tables):
        return ["linkage error: one of the two runs has no record with a known person, so there is nothing to compare"]
    lines = ["the same measures beside another run:", _heading()]
    for datasets in _datasets(tables[0]):
        lines.append(_line(datasets, tables[0], datasets))
        if (datasets, ALL, ALL, "pair_recall") in tables[1]:
            lines.append(_line("  beside it", tables[1], datasets))
    bases = [str(next(iter(table.values()))["truth_basis"]) for table in tables]
    return [*lines, f"here: {_caution(bases[0])}", f"beside it: {_caution(bases[1])}"]


_Rates = Mapping[tuple[str, str, str, str], Row]


def _rates(rates: DataFrame, measures: Iterable[str]) -> _Rates:
    """The rows of some measures by what they are of: datasets, subgroup, value, measure."""
    wanted = rates.where(F.col("measure").isin(*measures))
    return {(row["datasets"], row["subgroup"], row["value"], row["measure"]): row for row in wanted.collect()}


def _datasets(found: _Rates) -> list[str]:
    """All first, then pairs of datasets that have a true or a found pair."""
    with_pairs = {key[0] for key, row in found.items() if key[1] == ALL and row["denominator"]}
    return [ALL, *sorted(with_pairs - {ALL})]


def _heading() -> str:
    return f"  {'datasets':<28}{'precision':<26}{'recall':<26}{'true pairs':>12}"


def _line(label: str, found: _Rates, datasets: str) -> str:
    precision, recall = (found[datasets, ALL, ALL, measure] for measure in ("pair_precision", "pair_recall"))
    return f"  {label:<28}{_interval(precision):<26}{_interval(recall):<26}{recall['denominator']:>12,.0f}"


def _worst(found: _Rates, word: str, measure: str) -> list[str]:
    usual = found[ALL, ALL, ALL, measure]["rate"]
    if usual is None:
        return []
    groups = [(key, row) for key, row in found.items() if key[1] != ALL and key[3] == measure]
    clear = [(key, row) for key, row in groups if row["denominator"] >= _ENOUGH and (row["lower"] or 0) > usual]
    ranked = sorted(clear, key=lambda item: (-item[1]["rate"], item[0]))[:_WORST]
    if not ranked:
        return [f"{word} matches: no subgroup lies clearly above the {usual:.4f} of all records"]
    lines = [f"{word} matches: of all {usual:.4f}; clearly higher where"]
    return lines + [f"  {f'{key[1]} is {key[2]}':<40}{_interval(row)}" for key, row in ranked]


def _interval(row: Row) -> str:
    if row["rate"] is None:
        return "unknown"
    if row["lower"] is None:
        return f"{row['rate']:.4f}"
    # Where every draw is alike there is no width to tell, and none that could be believed.
    ends = f"{row['lower']:.4f} to {row['upper']:.4f}" if row["lower"] < row["upper"] else "no other seen"
    return f"{row['rate']:.4f} ({ends})"


def _caution(basis: str) -> str:
    why = _SYNTHETIC.get(TruthBasis(basis))
    return f"measured against: {basis}" + (f"; no accuracy on real records, since {why}" if why else "")
