"""Family courts: cases of units of four people, their children and lawyers among the parties."""

from __future__ import annotations

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from linkage.synthetic.draws import Draws
from linkage.synthetic.families import CHILD, UNIT, child_birth, unit_of
from linkage.synthetic.geography import AREAS, DISTRICTS, local_authority
from linkage.synthetic.names import load_table, name_tables, words
from linkage.synthetic.rows import SITES, code
from linkage.synthetic.supplies.timelines import with_timeline
from linkage.synthetic.world import Columns, Companion, Form, World, as_delivered

_FIRST_DAY, _LAST_DAY = "2011-01-01", "2021-01-31"
_CASES_AT_MOST = 8
_MINOR_DAYS = 17 * 365
_OF_CHILDREN = ("private", "public", "adoption")
_LAWYERS = 2_000
_AUTHORITY, _LAWYER = UNIT + 1, UNIT + 2


def _cases_of(people: DataFrame, world: World) -> DataFrame:
    """One row per case and given member of a family unit: adds `case`, `case_type`, `issued` and `second_child`."""
    rates, head = world.rates.family_court, F.col("head_id")
    unit = Draws(world.seed, F.xxhash64(F.lit("family"), unit_of(head)))
    numbers = F.sequence(F.lit(1), 1 + unit.more(rates.cases.rate, _CASES_AT_MOST - 1))
    held = people.where("in_family_unit").withColumn("number", F.explode(numbers))
    known = held.withColumn("case", unit_of(head) * _CASES_AT_MOST + F.col("number"))
    case = Draws(world.seed, F.xxhash64(F.lit("family case"), F.col("case")))
    first, last = F.lit(_FIRST_DAY).cast("date"), F.lit(_LAST_DAY).cast("date")
    elder = child_birth(head, F.lit(False), world.rates, world.seed)
    minor = F.date_add(elder, _MINOR_DAYS) > first
    begin = F.when(minor, F.greatest(first, elder)).otherwise(first)
    end = F.when(minor, F.least(last, F.date_add(elder, _MINOR_DAYS))).otherwise(last)
    issued = F.date_add(begin, (case.uniform("issued") * F.datediff(end, begin)).cast("int"))
    without = case.pick(rates.without_children.shares, "type without")
    kind = F.when(minor, case.pick(rates.with_children.shares, "type")).otherwise(without)
    younger = child_birth(head, F.lit(True), world.rates, world.seed)
    second = unit.happens(rates.second_child.rate, "second child") & (younger < issued)
    return known.withColumns({"case_type": kind, "issued": issued, "second_child": second})


def _events(world: World) -> DataFrame:
    place = F.pmod(F.col("person_id"), F.lit(UNIT))
    of_children = F.col("case_type").isin(*_OF_CHILDREN)
    takes_part = (F.col("relation") != CHILD) | (of_children & ((place == 2) | F.col("second_child")))
    alive = F.col("death").isNull() | (F.col("issued") < F.col("death"))
    role = (
        F.when(F.col("relation") == CHILD, "child")
        .when((F.col("relation") == "head") & ~_by_authority(), "applicant")
        .otherwise("respondent")
    )
    made = _cases_of(world.people, world).where(takes_part & alive)
    return made.withColumns(
        {
            "role": role,
            "party_number": place + 1,
            "event": F.col("person_id") * _CASES_AT_MOST + F.col("number"),
            "event_date": F.col("issued"),
        }
    )


def _by_authority() -> Column:
    return F.col("case_type") == "public"


def _keys(_world: World) -> Columns:
    """A near duplicate is one more party of the case."""
    return {"case_number": _case_number(), "party_number": F.col("party_number") + 10 * F.col("copy")}


def _case_number() -> Column:
    return code("F", F.col("case"))


def _columns(_world: World) -> Columns:
    return {"party_type": F.lit("P")}


def _others(world: World) -> DataFrame:
    """Local authorities that bring public law cases, and lawyers, as delivered: nobody of the population."""
    cases, rates = _unit_cases(world), world.rates.family_court
    case = Draws(world.seed, F.xxhash64(F.lit("family case"), F.col("case")))
    represented = case.happens(rates.represented.rate, "represented")
    kinds = F.array_compact(F.array(F.when(_by_authority(), F.lit(_AUTHORITY)), F.when(represented, F.lit(_LAWYER))))
    parties = cases.withColumn("party_number", F.explode(kinds))
    authority = F.col("party_number") == _AUTHORITY
    lawyer = Draws(world.seed, case.below(_LAWYERS, "lawyer") + F.lit(20_000_000_000))
    known, tables = rates.lawyers, name_tables()
    female = lawyer.happens(known.female.rate, "female")
    second = lawyer.happens(known.middle_name.rate, "second")
    council = F.concat_ws(" ", F.get(_area_names(), F.col("home_area")), F.lit("COUNTY COUNCIL"))
    columns = {
        "case_number": _case_number(),
        "role": F.when(authority, "applicant").otherwise("legal_representative"),
        "party_type": F.when(authority, "O").otherwise("P"),
        "forename1": F.when(~authority, tables.forename(F.lit(0), female, lawyer.uniform("forename"))),
        "forename2": F.when(~authority & second, tables.forename(F.lit(0), female, lawyer.uniform("middle"))),
        "sex": F.when(~authority & lawyer.happens(known.sex_known.rate, "sex"), F.when(female, "F").otherwise("M")),
        "surname": F.when(authority, council).otherwise(tables.common_surname(F.lit(0), lawyer.uniform("surname"))),
        "lad_code": F.when(
            ~authority & lawyer.happens(known.area_known.rate, "known area"),
            local_authority(lawyer.below(len(AREAS), "place"), lawyer.below(DISTRICTS, "district")),
        ),
        "postcode": F.concat(
            lawyer.choose(AREAS, "area"), F.lit("1 "), lawyer.below(10, "s").cast("string"), F.lit("AB")
        ),
        "address_line1": F.concat_ws(" ", (lawyer.below(99, "house") + 1).cast("string"), F.lit("COURT CHAMBERS")),
    }
    return as_delivered(parties.select("case", "case_type", "home_area", "party_number"), "family", columns)


def _area_names() -> Column:
    streets = words(load_table("forms")["streets"])
    return F.array(*(F.lit(streets[place % len(streets)]) for place in range(len(AREAS))))


FORM = Form("family", "F", _events, _columns, keys=_keys, others=_others)


def _unit_cases(world: World) -> DataFrame:
    """One row per case."""
    return _cases_of(world.people.where("relation = 'head'"), world)


def _cases(world: World) -> DataFrame:
    case, rates = Draws(world.seed, F.xxhash64(F.lit("family case"), F.col("case"))), world.rates.family_court
    site = F.pmod(F.xxhash64(F.lit("family court"), F.col("home_area")), F.lit(SITES))
    of_children = F.col("case_type").isin(*_OF_CHILDREN)
    columns = {
        "case_number": _case_number(),
        "court_code": F.concat(F.lit("Y"), F.lpad(site.cast("string"), 3, "0")),
        "harm_alleged": case.pick(rates.harm.shares, "harm"),
        "children": F.when(of_children, 1 + F.col("second_child").cast("int")).otherwise(0),
        "fee_exempt": case.happens(rates.fee_exempt.rate, "fee").cast("int"),
        "issue_date": F.col("issued"),
    }
    return as_delivered(_unit_cases(world), "family_cases", columns)


def _case_events(world: World) -> DataFrame:
    case, rates = Draws(world.seed, F.xxhash64(F.lit("family case"), F.col("case"))), world.rates.family_court
    last, issued = F.lit(_LAST_DAY).cast("date"), F.col("issued")
    days = [F.date_add(issued, 30 + 60 * place + case.below(30, f"day {place}").cast("int")) for place in range(4)]
    hearings = [
        ("hearing", case.happens(hearing.rate, f"hearing {place}") & (days[place] <= last), days[place])
        for place, hearing in enumerate((rates.first_hearing, rates.second_hearing, rates.third_hearing))
    ]
    ordered = ("order", case.happens(rates.ordered.rate, "ordered") & (days[3] <= last), days[3])
    steps = [("issue", F.lit(True), issued), *hearings, ordered]
    cases = _unit_cases(world).select("case", "issued")
    return as_delivered(with_timeline(cases, steps), "family_events", {"case_number": _case_number()})


COMPANIONS = (Companion("family_cases", _cases), Companion("family_events", _case_events))
