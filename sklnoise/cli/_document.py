"""What an audit found as one JSON document."""

import json
from itertools import starmap

import numpy as np

from sklnoise.cli._model import versions


def document(audit, only_ascii=False):
    """Write an audit as JSON."""
    table, clf = audit.table, audit.classifier
    summary = clf.noise_summary_
    kinds = audit.pipeline[0].kinds_
    found = {
        "target": audit.target,
        "rows": len(table.y),
        "rows_left_out": table.n_left_out,
        "rows_trusted": int(table.trusted.sum()),
        "columns": {name: kind.name for name, kind in kinds.items()},
        "classes": clf.classes_,
        "class_counts": [np.sum(table.y == label) for label in clf.classes_],
        "correction": clf.correction,
        "noise_rate": summary.noise_rate,
        "noise_rate_interval": summary.noise_rate_interval,
        "noise_rate_per_class": summary.noise_rate_per_class,
        "noise_rate_per_class_interval": summary.noise_rate_per_class_interval,
        "transition_matrix": clf.transition_matrix_,
        "weak_first_pass": summary.weak_first_pass,
        "dominated_classes": summary.dominated_classes,
        "indistinguishable_classes": summary.indistinguishable_classes,
        "n_suspicious": len(audit.suspects),
        "suspicious": list(starmap(suspect, audit.suspects.itertuples())),
        "notes": audit.notes,
        "written": {
            option.removeprefix("--"): str(path) for option, path in audit.written.items()
        },
        "versions": versions(),
    }
    return json.dumps(plain(found), ensure_ascii=only_ascii, allow_nan=False, indent=2)


def suspect(row, label, suggested, quality):
    """Put a suspicious row into an object."""
    return {"row": row, "label": label, "suggested": suggested, "quality": quality}


def plain(value):
    """Turn arrays and numpy's scalars into what JSON knows."""
    if isinstance(value, dict):
        return {str(name): plain(entry) for name, entry in value.items()}
    if isinstance(value, np.ndarray | np.generic):
        return plain(value.tolist())
    if isinstance(value, list | tuple):
        return [plain(entry) for entry in value]
    if isinstance(value, float) and not np.isfinite(value):
        return None
    return value
