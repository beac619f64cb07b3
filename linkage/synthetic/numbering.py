"""The numbers that a record has: those of the person, missing, mistyped, another person's, in the short form."""

from __future__ import annotations

from collections.abc import Callable

from pyspark.sql import Column
from pyspark.sql import functions as F

from linkage.synthetic import errors, identifiers
from linkage.synthetic.families import pnc_year
from linkage.synthetic.weights import is_missing, weight
from linkage.synthetic.world import Columns, Form, World


def numbering(world: World) -> list[Columns]:
    """In steps: the numbers that a supply has, missing, mistyped, another person's, in the short form."""
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
    of_custody = world.rates.others.of_custody.shares
    filled = world.by_form(lambda form: (1 - _expected(form, name)) / of_custody.get(form.dataset, 1.0))
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
