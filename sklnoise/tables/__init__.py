"""Tables of any columns as the numbers that an estimator takes."""

from sklnoise.tables._factory import make_table_encoder

__all__ = ["make_table_encoder"]
