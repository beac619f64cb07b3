"""Where people live: postcodes of areas that do not exist, and moves from one to another.

Areas begin with Q, V or X, which the Post Office does not use as a first letter (tag K).
"""

from __future__ import annotations

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from linkage.synthetic.draws import Draws, text_table, zipf_rank, zipf_scale
from linkage.synthetic.journeys import FIRST_DAY, SUPERVISED
from linkage.synthetic.names import load_table, words
from linkage.synthetic.rates import Moves

AREAS = [first + second for second in "ABCDEFGHJKLMNOPQRSTUVWXY" for first in "QVX"]
_AREA_FLATNESS = 20.0
_DISTRICTS = 20
_UNITS = 125
_UNIT_LETTERS = "ABDEFGHJLNPQRSTUWXYZ"
_YOUNG = 25
_YOUNG_MOVES = 1.5  # multiplier, assumed


def with_address(events: DataFrame, rates: Moves, *, seed: int) -> DataFrame:
    """Adds `home_area` (a number), `postcode`, `address_line1` and `former_postcode` at `event_date`.

    A family has one address until its members move. `former_postcode` is null without a move.
    """
    person = Draws(seed, F.col("person_id"))
    settled = F.col("days_served").isNull() & ~F.col("disposal").isin(*SUPERVISED)
    years = F.datediff("event_date", F.lit(FIRST_DAY).cast("date")) / 365.25
    young = F.when(F.datediff("event_date", F.col("birth")) < _YOUNG * 365, _YOUNG_MOVES).otherwise(1.0)
    roving = F.when(F.col("nfa"), rates.no_fixed_abode.rate).otherwise(1.0)
    yearly = F.when(settled, rates.base.rate).otherwise(rates.offender.rate) * young * roving
    move = F.floor(yearly * years + person.uniform("moves"))
    placed = events.withColumns({"move": move, "home_area": _area(Draws(seed, F.col("head_id")))})
    return placed.withColumns(
        {
            "postcode": _postcode(F.col("move"), rates, seed),
            "former_postcode": F.when(F.col("move") > 0, _postcode(F.col("move") - 1, rates, seed)),
            "address_line1": _street(Draws(seed, _residence(F.col("move")))),
        }
    ).drop("move")


def _residence(move: Column) -> Column:
    """What identifies an address: the family at first, the person's own after a move."""
    return F.xxhash64(F.when(move == 0, F.col("head_id")).otherwise(F.col("person_id")), move)


def _area(draws: Draws) -> Column:
    return zipf_rank(draws.uniform("area"), *zipf_scale(len(AREAS), _AREA_FLATNESS))


def _postcode(move: Column, rates: Moves, seed: int) -> Column:
    home, here = Draws(seed, F.col("head_id")), Draws(seed, _residence(move))
    far = here.uniform("distance")
    near_district = (move == 0) | (far < rates.same_district.rate)
    near_area = (move == 0) | (far < rates.same_district.rate + rates.same_area.rate)
    area = F.when(near_area, F.col("home_area")).otherwise(_area(here))
    district = F.when(near_district, home.below(_DISTRICTS, "district")).otherwise(here.below(_DISTRICTS, "district"))
    unit = here.below(_UNITS, "unit")
    return F.concat(
        F.get(text_table(AREAS), area),
        (district + 1).cast("string"),
        F.lit(" "),
        here.below(10, "sector").cast("string"),
        _letter(F.floor(unit / len(_UNIT_LETTERS))),
        _letter(unit % len(_UNIT_LETTERS)),
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
