"""How much likelier than usual something is in a record, so that the mean stays what was asked for."""

from __future__ import annotations

from pyspark.sql import Column
from pyspark.sql import functions as F

import schemas
from linkage.synthetic.rows import SITES
from linkage.synthetic.world import Columns, Form, World

_SCATTER = 7  # has no divisor in common with the number of sites


def weight(flag: str, multiplier: float, share: float) -> Column:
    """The multiplier where `flag` holds, and less than 1 elsewhere, so that the mean stays 1."""
    mean = 1 + share * (multiplier - 1)
    return F.when(F.col(flag), multiplier / mean).otherwise(1 / mean)


def proneness(world: World) -> Columns:
    """How much likelier than usual errors (`prone`), slips (`typing`) and gaps (`gaps`) are in the record."""
    clustering, share = world.rates.clustering, world.rates.population.minority
    # Sites are spread evenly over what they differ by, so that few big ones do not move the mean.
    place = (F.pmod(F.col("site") * _SCATTER, F.lit(SITES)) + 0.5) / SITES
    effect = 1 + (place * 2 - 1) * clustering.site_spread.rate
    typing = weight("minority", clustering.minority_typo.rate, share)
    gaps = weight("minority", clustering.minority_missing.rate, share)
    return {"prone": F.col("frailty") * effect, "typing": F.col("frailty") * effect * typing, "gaps": effect * gaps}


def missing(world: World, name: str) -> Column:
    """The share of the supply's rows without a value in the column: 1 where the supply does not have it.

    From the schema, by another column where that says so, unless the profile has its own.
    """
    share = world.by_form(lambda form: _missing(world, form, name))
    for place, form in enumerate(world.forms):
        by = _missing_by(world, form, name)
        if by is not None:
            of_form = F.lit(0.0)
            for value, known in by.shares.items():
                of_form = F.when(F.col(by.column) == value, F.lit(known)).otherwise(of_form)
            share = F.when(F.col("form") == place, of_form).otherwise(share)
    return share


def _missing(world: World, form: Form, name: str) -> float:
    own = world.rates.of(form.dataset).missing
    if name in own:
        return own[name].rate
    if name == "postcode" and "postcode_sector" in form.schema.column_names:
        name = "postcode_sector"
    return (form.schema.column(name).expected_missing or 0.0) if name in form.schema.column_names else 1.0


def _missing_by(world: World, form: Form, name: str) -> schemas.MissingBy | None:
    has = name in form.schema.column_names and name not in world.rates.of(form.dataset).missing
    return form.schema.column(name).missing_by if has else None


def is_missing(world: World, name: str, *, more: Column | None = None) -> Column:
    """Whether the record has no value in the column: likelier by `gaps` and `more`, whose means are 1.

    What is mostly missing can hardly be missing more often, so multipliers tell less there.
    """
    share, times = missing(world, name), F.col("gaps") * (F.lit(1.0) if more is None else more)
    return world.draws("record").happens(share * (1 + (times - 1) * (1 - share)), f"no {name}")
