"""Where people live, and moves from one place to another."""

from __future__ import annotations

from pyspark.sql import Column
from pyspark.sql import functions as F

from linkage.synthetic.calibration import RecordRates
from linkage.synthetic.draws import Draws, text_table
from linkage.synthetic.geography import AREAS, DISTRICTS, area_of
from linkage.synthetic.names import load_table, words
from linkage.synthetic.people import FIRST_DAY
from linkage.synthetic.rates import Moves, Rates
from linkage.synthetic.world import Columns, World

_UNITS = 125
_UNIT_LETTERS = "ABDEFGHJLNPQRSTUWXYZ"
_YOUNG_UNTIL = 25  # years of age
_DAYS_OF_YEAR = 365.25
_SUPERVISED = ("custody", "community")
_FORMER = 2


def address(world: World) -> list[Columns]:
    """In steps: `area`, `district` and `part` (numbers), `postcode`, `address_line1` and `former_postcodes` at the day.

    A family has one address until its members move. `former_postcodes` are separated by semicolons,
    latest first, and null without a move.
    """
    rates, solved, seed = world.rates, world.solved, world.seed
    person = world.draws("person_id")
    move = F.floor(_yearly(rates, solved.moves) * years_of_moving(rates.moves) + person.uniform("moves"))
    former = [
        F.when(F.col("move") >= back, _postcode(_place(F.col("move") - back, rates.moves, solved, seed)))
        for back in range(1, _FORMER + 1)
    ]
    here = {name: F.col(name) for name in ("area", "district", "part", "unit")}
    return [
        {"move": F.greatest(move, F.lit(0))},
        {
            **_place(F.col("move"), rates.moves, solved, seed),
            "former_postcodes": F.when(world.has("previous_postcodes"), F.nullif(F.concat_ws(";", *former), F.lit(""))),
            "address_line1": F.when(world.has("address_line1"), _street(Draws(seed, _residence(F.col("move"))))),
        },
        {"postcode": _postcode(here)},
    ]


def years_of_moving(rates: Moves) -> Column:
    """The years from the first day until `event_date`, in which the young count more; below 0 before the first day."""
    first = F.lit(FIRST_DAY).cast("date")
    grown = F.add_months("birth", 12 * _YOUNG_UNTIL)
    young = F.greatest(F.datediff(F.least("event_date", grown), first), F.lit(0))
    return (F.datediff("event_date", first) + (rates.young.rate - 1) * young) / _DAYS_OF_YEAR


def _yearly(rates: Rates, mean: float) -> Column:
    """How often the person moves in a year when not young, so that the mean over pairs is what was solved for."""
    moves, journeys = rates.moves, rates.journeys
    # Agreement is among pairs, and most pairs are of those with many records: a geometric number of cases
    # with the mean m makes m (m - 1) pairs.
    custody, community = journeys.custody.rate, journeys.community.rate
    pairs = {
        "base": _pairs(journeys.cases_court.rate) * (1 - custody - community),
        "offender": _pairs(journeys.cases_community.rate) * community + _pairs(journeys.cases_custody.rate) * custody,
    }
    usual = (moves.base.rate * pairs["base"] + moves.offender.rate * pairs["offender"]) / sum(pairs.values())
    usual *= 1 + rates.population.no_fixed_abode.rate * (moves.no_fixed_abode.rate - 1)
    relative = F.when(F.col("standing").isin(*_SUPERVISED), moves.offender.rate).otherwise(moves.base.rate)
    roving = F.when(F.col("nfa"), moves.no_fixed_abode.rate).otherwise(1.0)
    return relative * roving * (mean / usual)


def _pairs(mean: float) -> float:
    return mean * (mean - 1)


def _residence(move: Column) -> Column:
    """What identifies an address: the family at first, the person's own after a move."""
    return F.xxhash64(F.when(move == 0, F.col("head_id")).otherwise(F.col("person_id")), move)


def _place(move: Column, rates: Moves, solved: RecordRates, seed: int) -> dict[str, Column]:
    home, here = Draws(seed, F.col("head_id")), Draws(seed, _residence(move))
    far = here.uniform("distance")
    near_district = (move == 0) | (far < solved.same_district)
    near_area = (move == 0) | (far < solved.same_district + (1 - solved.same_district) * rates.near_of_far.rate)
    return {
        "area": F.when(near_area, F.col("home_area")).otherwise(area_of(here)),
        "district": F.when(near_district, home.below(DISTRICTS, "district")).otherwise(
            here.below(DISTRICTS, "district")
        ),
        "part": here.below(10, "sector"),
        "unit": here.below(_UNITS, "unit"),
    }


def _postcode(place: dict[str, Column]) -> Column:
    return F.concat(
        F.get(text_table(AREAS), place["area"]),
        (place["district"] + 1).cast("string"),
        F.lit(" "),
        place["part"].cast("string"),
        _letter(F.floor(place["unit"] / len(_UNIT_LETTERS))),
        _letter(place["unit"] % len(_UNIT_LETTERS)),
    )


def _letter(index: Column) -> Column:
    return F.substring(F.lit(_UNIT_LETTERS), index.cast("int") + 1, F.lit(1))


def _street(draws: Draws) -> Column:
    forms = load_table("forms")
    return F.concat_ws(
        " ",
        (draws.below(180, "house") + 1).cast("string"),
        draws.choose(words(forms["streets"]), "street"),
        draws.choose(words(forms["street_kinds"]), "kind"),
    )
