"""Civil courts: claims against and by people, with organisations on the other side and partners beside them."""

from __future__ import annotations

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from linkage.synthetic.draws import Draws
from linkage.synthetic.families import head_birth
from linkage.synthetic.geography import AREAS
from linkage.synthetic.names import load_table, words
from linkage.synthetic.people import is_civil
from linkage.synthetic.rows import SITES, code
from linkage.synthetic.supplies.timelines import with_timeline
from linkage.synthetic.weights import is_missing
from linkage.synthetic.world import Columns, Companion, Form, World, as_delivered

_FIRST_DAY, _LAST_DAY = "2012-01-01", "2022-01-31"
_CLAIMS_AT_MOST = 16
_GROWN_DAYS = 18 * 365 + 5
_TENANCY = {
    "possession_social": "social",
    "possession_private": "private",
    "possession_accelerated": "private",
    "possession_mortgage": "owner",
}
_ORGANISATION_ROW = "O"


def _claims(world: World) -> DataFrame:
    """One row per claim of a person who makes it or against whom it is made first; key `claim`."""
    person = world.draws("person_id")
    numbers = F.sequence(F.lit(1), 1 + person.more(world.rates.civil.claims.rate, _CLAIMS_AT_MOST - 1))
    held = world.people.where("civil").withColumn("number", F.explode(numbers))
    known = held.withColumn("claim", F.col("person_id") * _CLAIMS_AT_MOST + F.col("number"))
    return _issued(known, F.col("birth"), world)


def _issued(known: DataFrame, birth: Column, world: World) -> DataFrame:
    """Adds what the claim's number decides; leaves out claims of days on which the person was under age."""
    claim, rates = world.draws("claim"), world.rates.civil
    first, last = F.lit(_FIRST_DAY).cast("date"), F.lit(_LAST_DAY).cast("date")
    issued = F.date_add(first, (claim.uniform("issued") * F.datediff(last, first)).cast("int"))
    claims = claim.happens(rates.claimant.rate, "claimant")
    against = claim.pick(rates.against.shares, "type against")
    kind = F.when(F.col("claims"), claim.pick(rates.by.shares, "type by")).otherwise(against)
    dated = known.withColumns({"issued": issued, "claims": claims}).where(F.datediff("issued", birth) > _GROWN_DAYS)
    return dated.withColumn("claim_type", kind).withColumn("possession", F.col("claim_type").startswith("possession"))


def _partners(world: World) -> DataFrame:
    """One row per partner of a person with a claim against both of them."""
    joins = world.draws("person_id").happens(world.rates.civil.joint_partner.rate, "joint claim")
    against = is_civil(F.col("head_id"), F.lit(False), world.rates, world.seed)
    partners = world.people.where((F.col("relation") == "partner") & joins & against)
    known = partners.withColumn("claim", F.col("head_id") * _CLAIMS_AT_MOST + 1).withColumn("number", F.lit(0))
    birth = head_birth(F.col("head_id"), F.col("in_family_unit"), world.rates, world.seed)
    return _issued(known, F.greatest(birth, F.col("birth")), world).where(~F.col("claims"))


def _events(world: World) -> DataFrame:
    first = _claims(world).withColumn("party_number", F.when(F.col("claims"), 1).otherwise(2))
    both = first.unionByName(_partners(world).withColumn("party_number", F.lit(3)))
    alive = F.col("death").isNull() | (F.col("issued") < F.col("death"))
    event = F.col("person_id") * _CLAIMS_AT_MOST + F.col("number")
    return both.where(alive).withColumns({"event": event, "event_date": F.col("issued")})


def _keys(_world: World) -> Columns:
    """A near duplicate is one more party of the case."""
    return {"case_number": _case_number(), "party_number": F.col("party_number") + 10 * F.col("copy")}


def _case_number() -> Column:
    return code("K", F.col("claim"))


def _columns(world: World) -> Columns:
    draws, rates = world.draws("record"), world.rates.civil
    title = F.when(~F.col("female"), "MR").when(F.col("married"), "MRS")
    title = title.otherwise(F.when(draws.happens(rates.miss.rate, "miss"), "MISS").otherwise("MS"))
    initial = draws.happens(rates.initial_only.rate, "initial only")
    return {
        "role": F.when(F.col("claims"), "claimant").otherwise("defendant"),
        "party_type": F.lit("P"),
        "title": F.when(~is_missing(world, "title"), title),
        "forename1": F.when(initial, F.substring("forename1", 1, 1)).otherwise(F.col("forename1")),
    }


def _organisations(world: World) -> DataFrame:
    """The organisation on the other side of each claim, as delivered."""
    claim, forms = world.draws("claim"), load_table("forms")
    # Few claimants make most claims.
    firm = Draws(world.seed, F.floor(F.pow(claim.uniform("firm"), F.lit(3)) * 2000) + F.lit(10_000_000_000))
    company = F.concat_ws(" ", firm.choose(words(forms["streets"]), "name"), firm.choose(words(forms["firms"]), "firm"))
    landlord = F.concat_ws(
        " ", firm.choose(words(forms["streets"]), "name"), firm.choose(words(forms["landlords"]), "l")
    )
    area = firm.choose(AREAS, "area")
    columns = {
        "case_number": _case_number(),
        "party_number": F.when(F.col("claims"), 2).otherwise(1),
        "role": F.when(F.col("claims"), "defendant").otherwise("claimant"),
        "party_type": F.lit(_ORGANISATION_ROW),
        "surname": F.when(F.col("claim_type") == "possession_social", landlord).otherwise(company),
        "postcode": F.concat(area, F.lit("1 "), firm.below(10, "sector").cast("string"), F.lit("AA")),
        "address_line1": F.concat_ws(" ", (firm.below(99, "house") + 1).cast("string"), F.lit("MARKET STREET")),
    }
    return as_delivered(_claims(world).select("claim", "claims", "claim_type"), "civil", columns)


FORM = Form("civil", "K", _events, _columns, keys=_keys, others=_organisations)


def _judged(world: World) -> Column:
    return world.draws("claim").happens(world.rates.civil.judged.rate, "judged")


def _judgment_date(world: World) -> Column:
    return F.date_add("issued", 30 + world.draws("claim").below(90, "judgment").cast("int"))


def _cases(world: World) -> DataFrame:
    claim = world.draws("claim")
    rent = F.round(350 + claim.uniform("rent") * 900, 2)
    tenancy = F.lit("none")
    for kind, held in _TENANCY.items():
        tenancy = F.when(F.col("claim_type") == kind, held).otherwise(tenancy)
    amount = F.round(200 * F.pow(F.lit(60.0), claim.uniform("amount")), 2)
    site = F.pmod(F.xxhash64(F.lit("civil court"), F.col("home_area")), F.lit(SITES))
    columns = {
        "case_number": _case_number(),
        "court_code": F.concat(F.lit("V"), F.lpad(site.cast("string"), 3, "0")),
        "claim_amount": amount,
        "rent": F.when(F.col("possession") & (F.col("claim_type") != "possession_mortgage"), rent),
        "arrears": F.when(F.col("possession"), F.round(rent * (1 + 5 * claim.uniform("arrears")), 2)),
        "tenancy": tenancy,
        "issue_date": F.col("issued"),
        "judgment_date": F.when(_judged(world), _judgment_date(world)),
    }
    return as_delivered(_claims(world), "civil_cases", columns)


def _case_events(world: World) -> DataFrame:
    claim, judged, day = world.draws("claim"), _judged(world), _judgment_date(world)
    rates = world.rates.civil
    warrant = judged & claim.happens(rates.warrant.rate, "warrant")
    out = warrant & F.col("possession") & claim.happens(rates.repossessed.rate, "out")
    steps = [
        ("issue", F.lit(True), F.col("issued")),
        ("hearing", F.col("possession") | claim.happens(rates.heard.rate, "heard"), F.date_sub(day, 2)),
        ("judgment", judged, day),
        ("warrant", warrant, F.date_add(day, 40)),
        ("repossession", out, F.date_add(day, 80)),
    ]
    cases = _claims(world).select("claim", "issued", "possession")
    return as_delivered(with_timeline(cases, steps), "civil_events", {"case_number": _case_number()})


COMPANIONS = (Companion("civil_cases", _cases), Companion("civil_events", _case_events))
