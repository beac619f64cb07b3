"""A person as one record has it: the state at the day of the event, then the clerk's errors.

Errors gather on people (frailty) and on sites, and are likelier for some groups. The rows of all
supplies are recorded together, in steps that add or replace columns and leave the number of rows alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial, reduce

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from linkage.synthetic import errors
from linkage.synthetic.addresses import address
from linkage.synthetic.draws import Draws
from linkage.synthetic.geography import local_authority, lower_super_output_area
from linkage.synthetic.naming import naming
from linkage.synthetic.numbering import numbering
from linkage.synthetic.rates import Mix, Rates
from linkage.synthetic.weights import is_missing, missing, proneness, weight
from linkage.synthetic.world import Columns, Form, World

_INVENTED_DAYS = 3000
# What only the steps need.
_PASSING = (
    *("frailty", "origin", "married_on", "married_name", "alias_forename", "alias_surname", "alias_birth"),
    *("typing", "move", "unit", "former_postcodes", "bears_alias", "false", "swapped", "present_surname", "middle"),
    *("target", "of_last", "wrong", "stated", "holder", "pnc_number"),
)


def recorded(rows: DataFrame, world: World) -> DataFrame:
    """Fills the identifying columns that a row's supply has, errors included.

    Args:
        rows: one row per row of any supply, as `rows.rows` gives them.
        world: the people and the rates.
    """
    steps = _side_by_side(
        (0, [proneness(world)]),
        (0, address(world)),
        (1, naming(world)),
        (2, _date_and_sex(world)),
        (3, _place(world)),
        (2, numbering(world)),
    )
    return reduce(DataFrame.withColumns, steps, rows).drop(*_PASSING)


def _side_by_side(*parts: tuple[int, Sequence[Columns]]) -> list[dict[str, Column]]:
    """The steps of all parts, each beginning with the step of its number, as few as they can be.

    Each step copies every row, and costs planning.
    """
    steps: list[dict[str, Column]] = [{} for _ in range(max(begin + len(part) for begin, part in parts))]
    for begin, part in parts:
        for step, columns in zip(steps[begin:], part, strict=False):
            step.update(columns)
    return steps


def _date_and_sex(world: World) -> list[Columns]:
    draws, own, rates = world.draws("record"), world.draws("person_id"), world.rates
    prone, solved = F.col("prone"), world.solved
    january = F.col("foreign") & own.happens(rates.dates.first_january.rate, "first january")
    half = _INVENTED_DAYS / 2
    invented = F.date_add("birth", (draws.uniform("false birth") * _INVENTED_DAYS - half).cast("int"))
    of_alias = F.col("bears_alias") & _has_alias_date(world)
    stated = (
        F.when(F.col("false"), invented)
        .when(of_alias, F.col("alias_birth"))
        .when(january, F.trunc("birth", "year"))
        .otherwise(F.col("birth"))
    )
    wrong = errors.wrong_date(
        F.col("stated"),
        draws,
        transposed=draws.happens(prone * rates.dates.transposed.rate, "transposed"),
        digit=draws.happens(prone * solved.dob_digit, "digit wrong"),
        years_off=draws.happens(prone * solved.dob_years, "year wrong"),
        of_day=rates.dates.digit_of_day.rate,
    )
    first = draws.happens(rates.dates.placeholder_1900.rate, "filler")
    filler = F.when(first, F.lit("1900-01-01")).otherwise("1970-01-01")
    placeholders = world.by_form(lambda form: rates.of(form.dataset).placeholder_dob.rate)
    placeholder = draws.happens(placeholders, "placeholder")
    other_sex = draws.happens(prone * rates.others.sex_wrong.rate, "sex wrong")
    sex = F.when(F.col("female") == other_sex, F.lit("M")).otherwise("F")
    return [
        {"stated": stated},
        {
            "dob": F.when(~is_missing(world, "dob"), F.when(placeholder, filler).otherwise(wrong)),
            "sex": F.when(~is_missing(world, "sex"), sex),
            "alias_dobs": F.date_format(_other_birth(world), "yyyy-MM-dd"),
            "ethnicity": F.when(~is_missing(world, "ethnicity"), F.col("ethnicity")),
        },
    ]


def _other_birth(world: World) -> Column:
    """The date of birth that goes with the name that the record does not have, where the record lists it."""
    people = world.rates.names.alias_people.rate * world.solved.dob_of_alias
    listed = (1 - missing(world, "alias_dobs")) / max(people, 1e-9)
    has = F.col("alias_birth").isNotNull() & _has_alias_date(world)
    other = F.when(F.col("bears_alias"), F.col("birth")).otherwise(F.col("alias_birth"))
    return F.when(has & world.draws("record").happens(listed, "lists date"), other)


def _has_alias_date(world: World) -> Column:
    """Whether a person's other name comes with another date of birth."""
    return world.draws("person_id").happens(world.solved.dob_of_alias, "alias has a date")


def _place(world: World) -> list[Columns]:
    """Postcode and first line of the address as recorded, and codes of areas, which follow the true address."""
    draws, rates = world.draws("record"), world.rates
    more = weight("nfa", rates.clustering.no_fixed_abode_postcode.rate, rates.population.no_fixed_abode.rate)
    pseudo_rate = world.by_form(lambda form: rates.of(form.dataset).pseudo_postcode.rate)
    pseudo = draws.happens(more * pseudo_rate, "pseudo postcode")
    mistyped = draws.happens(F.col("typing") * rates.others.postcode_typo.rate, "postcode typo")
    written = (
        F.when(pseudo, _pseudo_postcode(world))
        .when(mistyped, _mistyped_postcode(draws, rates))
        .otherwise(F.col("postcode"))
    )
    street = F.when(pseudo, F.lit("NO FIXED ABODE")).otherwise(F.col("address_line1"))
    no_former = is_missing(world, "previous_postcodes", more=F.lit(rates.moves.former_missing.rate))
    area, district = F.col("area"), F.col("district")
    lsoa = lower_super_output_area(area, district, F.col("part"))
    return [
        {
            "postcode": F.when(~is_missing(world, "postcode", more=more), written),
            "address_line1": F.when(~is_missing(world, "address_line1"), street),
            "previous_postcodes": F.when(~no_former, F.col("former_postcodes")),
            "lad_code": F.when(~is_missing(world, "lad_code"), local_authority(area, district)),
            "lsoa_code": F.when(~is_missing(world, "lsoa_code"), lsoa),
        }
    ]


def _mistyped_postcode(draws: Draws, rates: Rates) -> Column:
    return errors.mistyped_postcode(F.col("postcode"), draws, in_digit=rates.others.postcode_typo_in_digit.rate)


def _pseudo_postcode(world: World) -> Column:
    """What the supply's system has in place of a postcode."""
    draws = world.draws("record")
    written = {form.dataset: world.rates.pseudo_postcodes(form.dataset) for form in world.forms}
    chosen = F.lit(None).cast("string")
    for mix in {tuple(mix.shares.items()): mix for mix in written.values()}.values():
        its = world.is_of(partial(_has_pseudo_postcodes, written, mix))
        chosen = F.when(its, draws.pick(mix.shares, "which pseudo")).otherwise(chosen)
    return chosen


def _has_pseudo_postcodes(written: Mapping[str, Mix], mix: Mix, form: Form) -> bool:
    return written[form.dataset].shares == mix.shares
