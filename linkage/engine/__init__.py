"""The model executed on Spark: block keys, key sizes, the pair kernel, training, components.

Import from its modules: tasks import some of them on executors that have neither Splink nor pydantic (which, the
contract of imports in setup.cfg says), so nothing is gathered here.
"""
