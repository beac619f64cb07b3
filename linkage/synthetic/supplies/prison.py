"""Prison: a row for each custodial journey, and Safety in Custody incidents."""

from __future__ import annotations

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from linkage.synthetic.draws import Draws
from linkage.synthetic.rows import code, keys, whole
from linkage.synthetic.supplies.custody import custodial_journeys, custodies, known_by_now
from linkage.synthetic.world import Columns, Companion, Form, RecordedWorld, World, as_delivered

_INCIDENTS_AT_MOST = 5


def _events(world: World) -> DataFrame:
    journeys = custodial_journeys(custodies(world))
    return journeys.withColumns({"event": F.col("case"), "event_date": F.col("reception")})


def _columns(_world: World) -> Columns:
    return {
        "nationality": F.when(F.col("foreign"), "Other").otherwise("UK"),
        "establishment_code": F.concat(F.lit("P"), F.lpad(F.col("site").cast("string"), 3, "0")),
        "reception_date": F.col("reception"),
        "sentence_date": F.col("sentenced_on"),
        "release_date": known_by_now(F.col("release")),
        "recall_date": F.col("recall"),
    }


FORM = Form("prison", "J", _events, _columns, false_identities=True)


def _incidents(world: RecordedWorld) -> DataFrame:
    case, rates = world.draws("case"), world.rates.prison
    count = 1 + case.more(rates.incidents.rate, _INCIDENTS_AT_MOST, "incidents")
    held = whole(world, FORM).where(case.happens(rates.with_incident.rate, "incident"))
    numbered = held.withColumn("place", F.explode(F.sequence(F.lit(1), count)))
    incident = Draws(world.seed, F.xxhash64(F.lit("incident"), F.col("case"), F.col("place")))
    days = F.datediff(F.greatest("release", F.date_add("reception", 1)), "reception")
    kind = incident.pick(rates.incident_types.shares, "kind")
    other = F.when(incident.happens(0.5, "role"), "victim").otherwise("assailant")
    columns = {
        **keys(FORM, world),
        "incident_id": code("S", F.col("event") * (_INCIDENTS_AT_MOST + 1) + F.col("place")),
        "incident_type": kind,
        "role": F.when(kind == "self_harm", "self").when(kind == "assault", other).otherwise("unknown"),
        "incident_date": F.date_add("reception", (incident.uniform("date") * days).cast("int")),
    }
    return as_delivered(numbered, "prison_incidents", columns)


INCIDENTS = Companion("prison_incidents", _incidents)
