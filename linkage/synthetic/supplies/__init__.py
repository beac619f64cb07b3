"""The supplies: one module for each dataset with its companion tables, and `registry` of all."""
