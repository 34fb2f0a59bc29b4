"""Clean labels for new rows, by a model of the audit."""

import sys

import pandas as pd

from sklnoise.cli._errors import BadInput, one_line, some
from sklnoise.cli._model import load_model
from sklnoise.cli._read import read_table
from sklnoise.cli._write import check_outputs, written_together


def run_predict(model, data, out=None):
    """Predict the rows of a table and write them as CSV."""
    outputs = {} if out is None else {"--out": out}
    check_outputs(outputs, [model, data])
    loaded = load_model(model)
    table = read_table(data)
    absent = loaded["pipeline"][0].missing_columns(table.columns)
    if absent:
        raise BadInput(
            f"{data} lacks {len(absent)} of the columns that the model was fitted "
            f"on: {some(absent, 20)}. Add them, with empty cells where nothing is known."
        )
    try:
        predictions = predict_table(loaded["pipeline"], table)
    except ValueError as error:
        raise BadInput(f"{data} cannot be predicted: {one_line(error)}") from error
    if out is None:
        predictions.to_csv(sys.stdout, index=False)
        return
    with written_together([out]) as beside:
        predictions.to_csv(beside[out], index=False)


def predict_table(pipeline, table):
    """Predict the rows of a table."""
    y_proba = pipeline.predict_proba(table)
    classes = pipeline.classes_
    columns = {"predicted": classes[y_proba.argmax(axis=1)]}
    columns |= {f"probability_{label}": p for label, p in zip(classes, y_proba.T)}
    return pd.DataFrame(columns, index=table.index)
