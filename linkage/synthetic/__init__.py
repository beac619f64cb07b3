"""A synthetic population, its journeys through the justice system, and the errors of its records.

`synthesise(spark, spec)` gives the supplies and, apart from them, the truth. Everything is a
hash of the seed and of what it belongs to, so the result does not depend on partitions.
"""

from linkage.synthetic.population import Spec, Supplies, known_datasets, synthesise
from linkage.synthetic.rates import Rates, overridden

__all__ = ["Rates", "Spec", "Supplies", "known_datasets", "overridden", "synthesise"]
