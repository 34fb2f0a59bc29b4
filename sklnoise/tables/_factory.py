"""The public table encoder, imported without skrub and pandas."""


def make_table_encoder():
    """Make a transformer that encodes a table of any columns.

    Each column is read as what most of its cells hold, and encoded by its kind:

    - numbers, also such as ``$1,234.50``, ``1.234,56``, ``12%``, ``23.4 km``, ``(5)``,
      ``5k`` or ``32-36``, are centred by the median, scaled by the quartiles and softly
      clipped; a further feature marks what is missing;
    - dates and times in one order of day, month and year per column become year, month,
      day, weekday, hour and seconds;
    - up to 40 categories are one-hot encoded, those that occur once as one; a column
      whose type is categorical stays so, whatever it holds;
    - texts, names and codes become the leading components of their word or character
      n-grams;
    - columns that cannot help (one value, row numbers, identifiers) are left out.

    The output is a dense float32 array without missing values, fit for linear models,
    trees and :class:`NoiseRobustClassifier`.

    Returns
    -------
    encoder : sklearn.pipeline.Pipeline
        An unfitted pipeline of the steps "read", "encode" and "float32". It is fitted to
        a data frame of pandas or polars, whose cells are raw text or typed values. When
        fitted, its first step tells how the columns were read: ``encoder[0].kinds_`` is
        a dict of the columns' names to tuples of a `name` ("number", "boolean", "date",
        "category", "text" or "dropped"), a `detail` and `notes`; ``encoder[0].notes_``
        has these notes as lines of text; and ``encoder[0].missing_columns(names)`` tells
        which of the columns that are needed a new table lacks.

    Raises
    ------
    ImportError
        If skrub or pandas is not installed.

    Notes
    -----
    `fit` raises a ValueError if no column is of use, `transform` if a column that is
    needed is missing or most of its cells cannot be read. Columns are found by their
    names; their order and further ones do not matter. In a new table, numbers and dates
    may be written in another way than in the training table.

    The columns are encoded by ``skrub.SquashingScaler``,
    ``skrub.DatetimeEncoder`` and ``skrub.StringEncoder``. Only the reading of
    cells is our own: ``skrub.Cleaner`` converts a column if all its cells convert.

    Examples
    --------
    >>> import pandas as pd
    >>> from sklnoise import make_table_encoder
    >>> X = pd.DataFrame(
    ...     {
    ...         "price": ["$1,200.50", "$980.00", "TBD", "$1,410.00"],
    ...         "colour": ["red", "blue", "red", "red"],
    ...         "sold": ["28-Jul-18", "3-Aug-18", "16-Oct-18", "1-Dec-18"],
    ...     }
    ... )
    >>> encoder = make_table_encoder()
    >>> encoder.fit_transform(X).shape
    (4, 10)
    >>> {name: kind.name for name, kind in encoder[0].kinds_.items()}
    {'price': 'number', 'colour': 'category', 'sold': 'date'}
    >>> print(*encoder[0].notes_, sep="\\n")
    'price': read as numbers written like '$1,200.50'
    'price': 1 cell such as 'TBD' counts as missing
    'sold': read as dates or times written like '28-Jul-18'
    """
    try:
        from sklnoise.tables._pipeline import build_pipeline
    except ModuleNotFoundError as error:
        if error.name in ("skrub", "pandas"):
            raise ImportError(
                f"make_table_encoder needs {error.name}, which is not installed. "
                'Install it with: pip install "sklnoise[cli]"'
            ) from error
        raise
    return build_pipeline()
