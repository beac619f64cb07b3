"""Areas of a country that does not exist, with the codes of statistics: local authorities, regions, police forces.

Postcode areas begin with Q, V or X, which the Post Office does not use as a first letter (tag K). Codes
have the form of the real ones (tag K); those of countries, regions and police forces are real, those of
smaller areas have numbers that none has.
"""

from __future__ import annotations

from pyspark.sql import Column
from pyspark.sql import functions as F

from linkage.synthetic.draws import Draws, zipf_rank, zipf_scale

AREAS = [first + second for second in "ABCDEFGHJKLMNOPQRSTUVWXY" for first in "QVX"]
DISTRICTS = 20
_FLATNESS = 20.0
_WELSH = (5, 18, 30, 43)  # places in AREAS: about 5% of people
_CAPITAL = (0, 1, 2, 3)  # about 15%
_CAPITAL_REGION, _REGIONS, _FORCES_ENGLAND, _FORCES_WALES = 7, 9, 39, 4
_DISTRICTS_OF_AUTHORITY = 5


def area_of(draws: Draws) -> Column:
    """An area, as its place in `AREAS`, the most populous first."""
    return zipf_rank(draws.uniform("area"), *zipf_scale(len(AREAS), _FLATNESS))


def is_welsh(area: Column) -> Column:
    """Whether the area is in Wales."""
    return area.isin(*_WELSH)


def is_capital(area: Column) -> Column:
    """Whether the area is in the capital."""
    return area.isin(*_CAPITAL)


def local_authority(area: Column, district: Column) -> Column:
    """The code of a local authority: W06 in Wales, E09 in the capital, E07 elsewhere; numbers from 900 on."""
    number = 900 + area * (DISTRICTS // _DISTRICTS_OF_AUTHORITY) + F.floor(district / _DISTRICTS_OF_AUTHORITY)
    kind = F.when(is_welsh(area), "W06").when(is_capital(area), "E09").otherwise("E07")
    return F.concat(kind, F.lpad(number.cast("string"), 6, "0"))


def lower_super_output_area(area: Column, district: Column, part: Column) -> Column:
    """The code of a lower layer super output area: ten to a district, numbers from 900,000 on."""
    number = 900_000 + (area * DISTRICTS + district) * 10 + part
    return F.concat(F.when(is_welsh(area), "W01").otherwise("E01"), number.cast("string"))


def region(area: Column) -> Column:
    """The code of a region of England; null in Wales."""
    number = F.when(is_capital(area), _CAPITAL_REGION).otherwise(F.pmod(area, F.lit(_REGIONS)) + 1)
    return F.when(~is_welsh(area), F.concat(F.lit("E1200000"), number.cast("string")))


def police_force_area(area: Column, district: Column) -> Column:
    """The code of a police force area: one for the capital, four in Wales."""
    wales = F.concat(F.lit("W1500000"), (F.pmod(district, F.lit(_FORCES_WALES)) + 1).cast("string"))
    number = F.when(is_capital(area), 1).otherwise(F.pmod(area, F.lit(_FORCES_ENGLAND - 1)) + 2)
    england = F.concat(F.lit("E23"), F.lpad(number.cast("string"), 6, "0"))
    return F.when(is_welsh(area), wales).otherwise(england)
