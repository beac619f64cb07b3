"""How many rows a supply makes of each event, bad ones on purpose among them, and the key of each."""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from linkage.records.keyed_hash import SEPARATOR
from linkage.synthetic.draws import Draws, text_table
from linkage.synthetic.rates import Flaws
from linkage.synthetic.world import Form, RecordedWorld, World

SITES = 60
COPIES = 4  # a row's number is its event's times this plus that of its copy
# Keys are a permutation of the rows' numbers: the factor is odd.
_KEY_FACTOR, _KEY_SPAN = 2_654_435_761, 2**40
# Flaws that leave a row with a key of its own.
_KEYED_FLAWS = ("row_repeated", "date_unreadable")


def rows(world: World, form: Form) -> DataFrame:
    """One row per row of the supply: near duplicates too, and rows that are bad on purpose.

    Nothing happens to anybody after their death.

    Adds `form` (the place of the supply's form in the world), `number` (the row's), `copy`, `record`
    (what its draws hang on), `flaw` (null for most rows), `sharing` (above 0 for a copy that shares
    its key) and `site`.
    """
    name = F.lit(form.dataset)
    draws = Draws(world.seed, F.xxhash64(name, F.col("event")))
    near = draws.happens(world.rates.of(form.dataset).near_duplicate.rate, "near duplicate")
    # Of an event: the row, one that shares its key (for the two flaws that are about keys), a near duplicate.
    shared = F.coalesce(F.col("flaw").isin("row_repeated", "key_conflict"), F.lit(False)).cast("int")
    variants = F.sequence(F.lit(0), F.col("shared") + near.cast("int"))
    version = F.when(F.col("flaw") == "key_conflict", F.col("sharing")).otherwise(0)
    # A site serves a quarter of an area.
    quarter = F.pmod(F.xxhash64("head_id"), F.lit(4))
    copy = (F.col("variant") > F.col("shared")).cast("int")
    alive = F.col("death").isNull() | (F.col("event_date") <= F.col("death"))
    return (
        form.events(world)
        .where(alive)
        .withColumn("flaw", _flaw(draws, world.rates.flaws, form))
        .withColumn("shared", shared)
        .withColumn("variant", F.explode(variants))
        .withColumns({"copy": copy, "sharing": F.when(copy == 0, F.col("variant")).otherwise(0)})
        .withColumns(
            {
                "flaw": F.when(F.col("copy") == 0, F.col("flaw")),
                "number": F.col("event") * COPIES + F.col("copy"),
            }
        )
        .withColumns(
            {
                "form": F.lit(world.forms.index(form)),
                "record": F.xxhash64(name, F.col("number"), version),
                "site": F.pmod(F.xxhash64(name, "home_area", quarter), F.lit(SITES)),
            }
        )
        .drop("shared", "variant")
    )


def together(frames: Sequence[DataFrame]) -> DataFrame:
    """The rows of all frames under the columns of any of them, null where a frame does not have one."""
    types = {field.name: field.dataType for df in frames for field in df.schema}
    own = [set(df.columns) for df in frames]
    aligned = [
        df.select(*(F.col(n) if n in names else F.lit(None).cast(kind).alias(n) for n, kind in types.items()))
        for df, names in zip(frames, own, strict=True)
    ]
    return reduce(DataFrame.union, aligned)


def whole(world: RecordedWorld, form: Form) -> DataFrame:
    """The rows that companion tables hang on: one per event whose key is there, the copies left out."""
    kept = F.coalesce(F.col("flaw") != "key_missing", F.lit(True)) & (F.col("copy") == 0) & (F.col("sharing") == 0)
    return world.records_of(form).where(kept)


def keys(form: Form, world: World) -> dict[str, Column]:
    """The columns of the supply's key, whether or not the flaw of the row takes it away."""
    names = form.schema.key
    given = form.keys(world) if form.keys is not None else {names[0]: code(form.letter, F.col("number"))}
    return {name: given[name] for name in names}


def code(letter: str, number: Column) -> Column:
    """A key as systems make them: a letter and ten characters that follow from the number, and say nothing."""
    return F.concat(F.lit(letter), F.lpad(F.hex(F.pmod(number * _KEY_FACTOR, F.lit(_KEY_SPAN))), 10, "0"))


def truth(world: RecordedWorld, forms: Sequence[Form]) -> DataFrame:
    """The person behind each key of these supplies, once, as the table truth_keys.

    Keys that are missing or in conflict have none.
    """
    keyed = (F.col("flaw").isNull() | F.col("flaw").isin(*_KEYED_FLAWS)) & (F.col("sharing") == 0)
    places = {world.forms.index(form): form for form in forms}
    key = F.lit(None).cast("string")
    for place, form in places.items():
        key = F.when(F.col("form") == place, F.concat_ws(SEPARATOR, *keys(form, world).values())).otherwise(key)
    names = F.get(text_table([form.dataset for form in world.forms]), F.col("form"))
    return world.records.where(keyed & F.col("person_id").isNotNull() & F.col("form").isin(*places)).select(
        names.alias("source_dataset"), key.alias("source_key"), F.col("person_id").alias("true_person_id")
    )


def _flaw(draws: Draws, rates: Flaws, form: Form) -> Column:
    """The name of a flaw that the supply can have, null for most rows."""
    impossible = set() if form.with_organisations else {"organisation"}
    if form.schema.event_date is None:
        impossible.add("date_unreadable")
    drawn, reached = draws.uniform("flaw"), 0.0
    flaw = F.when(F.lit(False), F.lit(None).cast("string"))
    for name in Flaws.model_fields:
        if name not in impossible:
            reached += getattr(rates, name).rate
            flaw = flaw.when(drawn < reached, F.lit(name))
    return flaw
