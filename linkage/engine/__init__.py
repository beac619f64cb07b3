"""The model executed on Spark: block keys, key sizes, the pair kernel, training, components.

Import from its modules: tasks import `chunks`, `counting`, `exploding`, `kernel` and `labelling` on
executors that have neither Splink nor pydantic, so nothing is gathered here.
"""
