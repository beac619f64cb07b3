"""The name that a record has: the one in use on the day, then the clerk's slips."""

from __future__ import annotations

from pyspark.sql import Column
from pyspark.sql import functions as F

from linkage.synthetic import errors
from linkage.synthetic.draws import Draws
from linkage.synthetic.names import name_tables
from linkage.synthetic.weights import is_missing, missing, weight
from linkage.synthetic.world import Columns, World


def naming(world: World) -> list[Columns]:
    """In steps: `forename1`, `forename2` and `surname` as they are written, with `forename3` and `aliases`.

    `bears_alias`, `false` and `married` say why the name is not the one given at birth.
    """
    draws = world.draws("record")
    return [_reasons(draws, world), _as_named_then(draws, world), *_slips(draws, world), _written(draws, world)]


def _reasons(draws: Draws, world: World) -> Columns:
    rates = world.rates
    false_rate = world.by_form(lambda form: rates.names.false_identity.rate if form.false_identities else 0.0)
    more = weight("minority", rates.clustering.minority_swap.rate, rates.population.minority)
    return {
        "false": draws.happens(F.col("prone") * false_rate, "false identity"),
        "bears_alias": F.col("alias_surname").isNotNull() & draws.happens(world.solved.alias, "bears alias"),
        "married": F.coalesce(F.col("married_on") <= F.col("event_date"), F.lit(False)),
        "swapped": draws.happens(F.col("prone") * more * world.solved.swapped, "swapped"),
    }


def _as_named_then(draws: Draws, world: World) -> Columns:
    """The name in use on the day: an alias, a false one, married, short, with or without a second forename."""
    tables, rates, origin = name_tables(), world.rates, F.col("origin")
    own = world.draws("person_id")
    short_rate = world.by_form(lambda form: rates.of(form.dataset).nickname.rate * world.solved.nickname_factor)
    short = draws.happens(short_rate, "nickname")
    # The share without is of all records, also of people who have no second forename.
    without = 1 - (1 - missing(world, "forename2")) / rates.population.middle_name.rate
    initial = F.when(draws.happens(rates.names.middle_initial.rate, "initial"), F.substring("forename2", 1, 1))
    third = F.when(own.happens(rates.names.third_name.rate, "has third"), _third(own))
    no_third = 1 - (1 - missing(world, "forename3")) / rates.names.third_name.rate
    false, alias, married = F.col("false"), F.col("bears_alias"), F.col("married")
    return {
        "present_surname": F.when(married, F.col("married_name")).otherwise(F.col("surname")),
        "last": F.when(false, tables.common_surname(F.lit(0), draws.uniform("false surname")))
        .when(alias, F.col("alias_surname"))
        .when(married, F.col("married_name"))
        .otherwise(F.col("surname")),
        "first": F.when(false, tables.forename(origin, F.col("female"), draws.uniform("false forename")))
        .when(alias, F.col("alias_forename"))
        .when(short, errors.nickname(F.col("forename1")))
        .otherwise(F.col("forename1")),
        "middle": F.when(~false & ~draws.happens(without, "no middle"), F.coalesce(initial, F.col("forename2"))),
        "forename3": F.when(~false & ~draws.happens(no_third, "no third"), third),
    }


def _third(own: Draws) -> Column:
    return name_tables().forename(F.col("origin"), F.col("female"), own.uniform("third"))


def _slips(draws: Draws, world: World) -> list[Columns]:
    """Slips of the hand and of the ear, each in one of the two names; and the other names, told without slips."""
    names = world.rates.names
    of_last = draws.happens(names.typing_in_surname.rate, "error in surname")
    target = F.when(of_last, F.col("last")).otherwise(F.col("first"))
    slip = draws.happens(F.col("typing") * world.solved.typing, "name error")
    heard = draws.happens(names.typing_in_sounds.rate, "misheard")
    typed = errors.typo(F.col("target"), draws, "name", slips=names.slips.shares)
    wrong = F.when(heard, errors.misheard(F.col("target"))).otherwise(typed)
    return [
        {"target": F.when(slip, target), "of_last": of_last, "aliases": _aliases(draws, world)},
        {"wrong": F.when(F.col("target").isNotNull(), wrong)},
        {
            "last": F.when(F.col("of_last"), F.coalesce("wrong", "last")).otherwise(F.col("last")),
            "first": F.when(~F.col("of_last"), F.coalesce("wrong", "first")).otherwise(F.col("first")),
        },
    ]


def _written(draws: Draws, world: World) -> Columns:
    """Names in their fields: exchanged, missing, with junk, each kind of which is as frequent."""
    junk, share = draws.uniform("junk"), world.rates.names.junk.rate
    prefixed = len(errors.JUNK_PREFIXES) * share
    prefix = F.when(junk < prefixed, draws.choose(errors.JUNK_PREFIXES, "junk prefix")).otherwise("")
    lost = F.when((junk >= prefixed) & (junk < prefixed + share), F.lit("NOT ENTERED"))
    last = F.when(F.col("swapped"), F.col("first")).otherwise(F.col("last"))
    first = F.when(F.col("swapped"), F.col("last")).otherwise(F.col("first"))
    no_first, no_last = is_missing(world, "forename1"), is_missing(world, "surname")
    return {
        "forename1": F.when(~no_first, F.coalesce(lost, first)),
        "forename2": F.col("middle"),
        "surname": F.when(~no_last, F.concat(prefix, last)),
    }


def _aliases(draws: Draws, world: World) -> Column:
    """The other names that the record lists: the real one beside an alias, the alias, the maiden or a short name."""
    names = world.rates.names
    listed = 1 - missing(world, "aliases")
    known = F.col("alias_surname").isNotNull()
    likelier = F.when(known, names.alias_listed.rate).otherwise(1.0) / (
        1 + names.alias_people.rate * (names.alias_listed.rate - 1)
    )
    real = F.concat_ws(" ", F.col("forename1"), F.col("present_surname"))
    other = F.concat_ws(" ", F.col("alias_forename"), F.col("alias_surname"))
    maiden = F.when(F.col("married"), F.concat_ws(" ", F.col("forename1"), F.col("surname")))
    short = F.concat_ws(" ", errors.nickname(F.col("forename1")), F.col("present_surname"))
    also = F.when(F.col("false") | F.col("bears_alias"), real).when(known, other)
    first = F.coalesce(also, maiden, short)
    two = draws.happens(names.two_aliases.rate, "two aliases")
    both = F.when(two & maiden.isNotNull() & also.isNotNull(), maiden)
    return F.when(draws.happens(listed * likelier, "aliases"), F.concat_ws(";", first, both))
