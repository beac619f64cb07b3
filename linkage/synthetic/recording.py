"""A person as one record has it: the state at the day of the event, then the clerk's errors.

Errors gather on people (frailty) and on sites, and are likelier for some groups. The rows of all
supplies are recorded together, in steps that add or replace columns and leave the number of rows alone.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial, reduce

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from linkage.synthetic import errors, identifiers
from linkage.synthetic.addresses import address
from linkage.synthetic.families import pnc_year
from linkage.synthetic.geography import local_authority, lower_super_output_area
from linkage.synthetic.naming import naming
from linkage.synthetic.weights import is_missing, missing, proneness, weight
from linkage.synthetic.world import Columns, Form, World

_INVENTED_DAYS = 3000
# Of records of probation and assessments, those of people who were ever in custody (own).
_OF_CUSTODY = {"probation": 0.50, "oasys": 0.72}
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
        (2, _numbers(world)),
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
    )
    filler = F.when(draws.happens(0.6, "filler"), F.lit("1900-01-01")).otherwise("1970-01-01")
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
        .when(mistyped, errors.mistyped_postcode(F.col("postcode"), draws))
        .otherwise(F.col("postcode"))
    )
    street = F.when(pseudo, F.lit("NO FIXED ABODE")).otherwise(F.col("address_line1"))
    no_former = is_missing(world, "previous_postcodes", more=_has_moved())
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


def _pseudo_postcode(world: World) -> Column:
    """What the supply's system has in place of a postcode."""
    draws = world.draws("record")
    chosen = F.lit(None).cast("string")
    kinds = {tuple(form.pseudo_postcodes.items()): form.pseudo_postcodes for form in world.forms}
    for postcodes in kinds.values():
        its = world.is_of(partial(_has_pseudo_postcodes, postcodes))
        chosen = F.when(its, draws.pick(postcodes, "which pseudo")).otherwise(chosen)
    return chosen


def _has_pseudo_postcodes(postcodes: Mapping[str, float], form: Form) -> bool:
    return form.pseudo_postcodes == postcodes


def _has_moved() -> Column:
    """Former addresses are missing for want of them too, so the system itself loses few."""
    return F.lit(0.55)


def _numbers(world: World) -> list[Columns]:
    """The numbers that a supply has: missing, mistyped, another person's, in the short form."""
    known: dict[str, Callable[[World], Column]] = {
        "cro": _cro,
        "prison_number": _prison_number,
        "crn": _crn,
        "previous_pncs": _previous_pncs,
        "previous_cros": _previous_cros,
        "previous_prison_numbers": _previous_prison_numbers,
        "previous_crns": _previous_crns,
        "nino": lambda _: identifiers.nino(F.col("person_id")),
        "nhs_number": lambda _: identifiers.nhs_number(F.col("person_id")),
    }
    held = {name for form in world.forms for name in form.schema.column_names}
    made = {name: F.when(world.has(name), make(world)) for name, make in known.items() if name in held}
    typed: dict[str, Column] = {name: _typed(world, name) for name in ("nino", "nhs_number") if name in made}
    if not {"pnc", "cro"} & held:
        return [made, typed]
    *first, before, last = _pnc(world)
    return [*first, {**before, **made}, {**last, **typed}]


def _pnc(world: World) -> list[Columns]:
    """Adds `pnc_number`, that of the person or of another, and `pnc` as it was typed.

    In steps: each value that the next one needs more than once is computed once.
    """
    rates, draws = world.rates, world.draws("record")
    another = draws.happens(rates.others.pnc_borrowed.rate, "borrowed") | (
        F.col("false") & draws.happens(rates.names.false_with_other_pnc.rate, "false pnc")
    )
    holder = F.when(another, draws.below(world.count, "lender")).otherwise(F.col("person_id"))
    place = (draws.uniform("pnc place") * 7).cast("int") + 6
    mistyped = draws.happens(F.col("prone") * rates.others.pnc_mistyped.rate, "pnc wrong")
    number, typed = F.col("pnc_number"), F.col("pnc_typed")
    short = draws.happens(rates.others.pnc_short_form.rate, "short")
    share = rates.population.foreign_national.rate
    foreign = weight("foreign", rates.clustering.foreign_pnc_missing.rate, share)
    known = world.has("pnc", "cro")
    return [
        {"holder": F.when(known, holder)},
        {"pnc_year": F.when(known, pnc_year(F.col("holder"), rates, world.seed))},
        {"pnc_number": F.when(known, identifiers.pnc(F.col("holder"), F.col("pnc_year")))},
        {"pnc_typed": F.when(mistyped, errors.other_digit(number, place, draws, "pnc")).otherwise(number)},
        {
            "pnc": F.when(
                ~is_missing(world, "pnc", more=foreign),
                F.when(short, errors.short_pnc(typed)).otherwise(typed),
            )
        },
    ]


def _cro(world: World) -> Column:
    others, draws, pnc = world.rates.others, world.draws("record"), F.col("pnc_number")
    slash = F.lit("/")
    from_pnc = F.concat(F.substring(pnc, 7, 6), slash, F.substring(pnc, 3, 2), F.substring(pnc, 13, 1))
    cro = (
        F.when(draws.happens(others.cro_from_pnc.rate, "cro from pnc"), from_pnc)
        .when(draws.happens(others.cro_junk.rate, "cro junk"), "000000/00Z")
        .otherwise(identifiers.cro(F.col("person_id")))
    )
    return F.when(~is_missing(world, "cro"), cro)


def _prison_number(world: World) -> Column:
    number = F.when(_has_second_prison_number(world) & _uses_second(world), _second_prison_number())
    first = identifiers.prison_number(F.col("person_id"))
    filled = (F.col("standing") == "custody") & _is_filled(world, "prison_number")
    return F.when(filled, F.coalesce(number, first))


def _second_prison_number() -> Column:
    return identifiers.prison_number(F.col("person_id"), second=True)


def _has_second_prison_number(world: World) -> Column:
    share = world.rates.others.second_prison_number.rate
    return world.draws("person_id").happens(share, "second prison number")


def _uses_second(world: World) -> Column:
    """Whether the record has the second number of a person who has two."""
    return world.draws("record").happens(0.5, "second number")


def _expected(form: Form, name: str) -> float:
    """The share of a supply's rows without a value in a column, as its schema has it."""
    return (form.schema.column(name).expected_missing or 0.0) if name in form.schema.column_names else 1.0


def _is_listed(world: World, name: str, share: float) -> Column:
    """Whether a further number is listed, of those of the `share` of people who have one."""
    listed = world.by_form(lambda form: (1 - _expected(form, name)) / share)
    return world.draws("record").happens(listed, f"lists {name}")


def _previous_prison_numbers(world: World) -> Column:
    """The one that the record does not have itself."""
    listed = _is_listed(world, "previous_prison_numbers", world.rates.others.second_prison_number.rate)
    first = identifiers.prison_number(F.col("person_id"))
    other = F.when(_uses_second(world), first).otherwise(_second_prison_number())
    return F.when(_has_second_prison_number(world) & listed, other)


def _previous_pncs(world: World) -> Column:
    return identifiers.second_pnc(F.col("person_id"), world.rates.others.second_pnc.rate, F.col("pnc_year"))


def _previous_cros(world: World) -> Column:
    return identifiers.second_cro(F.col("person_id"), world.rates.others.second_cro.rate)


def _previous_crns(world: World) -> Column:
    person, share = F.col("person_id"), world.rates.others.second_crn.rate
    second, first = identifiers.second_crn(person, share), identifiers.crn(person)
    other = F.when(_uses_second(world), first).otherwise(second)
    return F.when(second.isNotNull() & _is_listed(world, "previous_crns", share), other)


def _is_filled(world: World, name: str) -> Column:
    """Whether a number is there that only people ever in custody have: of their records, more than of all."""
    filled = world.by_form(lambda form: (1 - _expected(form, name)) / _OF_CUSTODY.get(form.dataset, 1.0))
    return world.draws("record").happens(filled, f"has {name}")


def _crn(world: World) -> Column:
    person = F.col("person_id")
    second = identifiers.second_crn(person, world.rates.others.second_crn.rate)
    number = F.coalesce(F.when(_uses_second(world), second), identifiers.crn(person))
    return F.when(~is_missing(world, "crn"), number)


def _typed(world: World, name: str) -> Column:
    """The number of that column with a digit wrong now and then, or missing."""
    draws, number = world.draws("record"), F.col(name)
    wrong = draws.happens(F.col("prone") * world.rates.others.number_mistyped.rate, f"{name} wrong")
    place = (draws.uniform(f"{name} place") * 6).cast("int") + 3
    typed = F.when(wrong, errors.other_digit(number, place, draws, f"{name} digit")).otherwise(number)
    return F.when(~is_missing(world, name), typed)
