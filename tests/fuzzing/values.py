"""Expressions for each parameter: what somebody could pass, and what is wrong.

Of `GOOD` the first expression is the plain one. Parameters are found by their name, or
by `Class.name`, `method.name` and `Class.method.name` where that means something else.
"""

from itertools import chain


def listed(text):
    """Read one expression per line."""
    return [line.strip() for line in text.strip().splitlines()]


def look_up(table, owner, method, name):
    """Return the expressions for a parameter of a method of a class, or of a function."""
    method = "forward" if method == "__call__" else method
    keys = (f"{owner}.{method}.{name}", f"{method}.{name}", f"{owner}.{name}", name)
    for key in keys:
        key = key.replace("None.", "")
        key = ALIASES.get(key, key)
        if key in table:
            return table[key]
    return []


ANYTHING = listed("""
    None
    True
    0
    1
    2
    -1
    0.5
    -0.5
    1.5
    np.nan
    np.inf
    'a'
    ''
    b'a'
    []
    [[]]
    {}
    ()
    set()
    object()
    int
    1j
    pd.NA
    range(3)
    iter([])
    np.array(3)
    np.array([])
    np.datetime64('2020')
    X
    y
    names
    torch.tensor(0.5)
    LogisticRegression
    LogisticRegression()
    MLP
""")

# Anything else would start processes, be the global random state, leave no label to take
# a mean of (NaN, as in torch), or goes to matplotlib.
OWN_ONLY = {"n_jobs", "random_state", "ignore_index"}
OWN_ONLY |= {"ax", "cmap", "values_format", "xticks_rotation", "im_kw", "text_kw"}

ALIASES = {
    "y_true": "y",
    "y_pred": "y",
    "y_clean": "y",
    "y_noisy": "y",
    "X_test": "X",
    "y_test": "y",
    "LabelIssuesDisplay.labels": "y",
    "suggested_labels": "y",
    "classes": "labels",
    "display_labels": "labels",
    "transition_matrix_true": "transition_matrix",
    "transition_matrix_pred": "transition_matrix",
    "is_issue": "trusted",
    "from_estimators.noise_rates": "rates",
    "first_pass_history": "history",
    "new_rows": "bool",
    "return_std": "bool",
    "return_proba": "bool",
    "greater_is_better": "bool",
    "learned": "bool",
    "colorbar": "bool",
    "return_interval": "bool",
    "ref_line": "bool",
    "n_draws": "count",
    "noise_corrected_top_k_accuracy_score.k": "count",
    "y_score": "y_proba",
    "prediction_a": "y",
    "prediction_b": "y",
    "NoiseCalibratedClassifier.estimator": "ConfidentLearningClassifier.estimator",
    "NoiseCalibratedClassifier.transition": "NoiseRobustClassifier.transition",
    "NoiseRobustConformalClassifier.estimator": "ConfidentLearningClassifier.estimator",
    "NoiseRobustConformalClassifier.transition": "ConfidentLearningClassifier.transition",
    "name": "estimator_name",
    "PredictionSetDisplay.clean_coverages": "PredictionSetDisplay.coverages",
    "fine_tune_epochs": "count",
    "frozen_steps": "count",
    "delay_steps": "count",
    "n_permutations": "count",
    "instance_dependence_test.y_true": "y",
    "instance_dependence_test.y_noisy": "y",
    "n_left_out": "count",
    "n_random": "count",
    "n_suspicious": "count",
    "max_error_rate": "share",
    "sequential": "bool",
    "n_trusted": "count",
    "n_bootstraps": "count",
    "n_suspects": "count",
    "n_shown": "count",
    "min_samples": "count",
    "kept_epoch": "count",
    "rank": "count",
    "n_entries": "count",
    "beta": "share",
    "momentum": "share",
    "regularization": "share",
    "q": "share",
    "smoothing": "share",
    "identity_weight": "share",
    "volume_weight": "share",
    "shrinkage": "share",
    "share": "share",
    "warm_up": "share",
    "confidence": "share",
    "confidence_level": "share",
    "dropout": "share",
    "noise_rate": "share",
}

# Whatever is passed for these is true or false.
OWN_ONLY |= {name for name, kind in ALIASES.items() if kind == "bool"}

CROWDS = (
    "crowd\ncrowd.tolist()\npd.DataFrame(crowd)\npd.DataFrame(crowd).astype('Int64')\n"
    "pl.DataFrame(crowd)\nnp.nan_to_num(crowd).astype(int)\ntorch.tensor(crowd)\n"
    "np.where(np.isnan(crowd), None, crowd)\nnp.vstack([crowd, np.full((2, 3), np.nan)])"
)

GOOD = {
    "DawidSkene.fit.y": CROWDS,
    "DawidSkene.y": CROWDS,
    "MajorityVote.fit.y": CROWDS,
    "MajorityVote.y": CROWDS,
    "krippendorff_alpha.y": CROWDS,
    "annotator_summary.y": CROWDS,
    "suggest_next.y": CROWDS,
    "suggest_next.X": "None",
    "annotator_log_likelihood.y": CROWDS,
    "annotator_log_likelihood.estimator": "quick().fit(X, crowd)\n"
    "make_pipeline(StandardScaler(), quick()).fit(X, crowd)",
    "transition_matrices": "np.stack([T, T])\n[T.tolist()] * 3\ntorch.tensor(T)[None]",
    "AnnotatorForwardLoss.forward.target": """
        torch.tensor(np.stack([y, y], axis=1))
        torch.tensor([[0, -100]] * n)
        torch.full((n, 2), -100)
        torch.tensor(np.stack([y, y], axis=1), dtype=torch.uint8)
    """,
    "annotator_summary.estimator": "DawidSkene().fit(crowd)",
    "suggest_next.estimator": "DawidSkene().fit(crowd)\nMajorityVote().fit(crowd)",
    "AnnotatorDisplay.summary": "DawidSkene().fit(crowd).annotator_summary_\n"
    "pd.DataFrame(DawidSkene().fit(crowd).annotator_summary_)",
    "AnnotatorDisplay.from_estimator.estimator": "DawidSkene().fit(crowd)",
    "TransitionMatrixDisplay.from_estimator.annotator": "None",
    "LabelIssuesDisplay.annotators": "None\nnames[y]\nnp.arange(n)",
    "missing_label": "np.nan\nNone\n-1\n''\npd.NA",
    "prior": "'pooled'\nNone\n3.0\n0\n1e9",
    "max_iter": "100\n1\nnp.int64(20)",
    "tol": "1e-5\n0\n1.0",
    "n_suggestions": "10\n1\n10**6",
    "annotators": "None\n[0]\nnp.arange(3)",
    "annotations_to_frame.task": "np.arange(n)\npd.Series(range(n))\nnp.arange(n) // 2",
    "annotator": "y\nnames[y]\npd.Series(names[y], dtype='category')\nnp.arange(n) % 2",
    "annotations_to_frame.label": "y\nnames[y]\nnp.where(m, np.nan, y)\npd.Series(y)",
    "X": """
        X
        X.tolist()
        X.astype(np.float32)
        X.astype(np.float16)
        X.astype(np.longdouble)
        X.astype('>f8')
        X.astype('>f4')
        X.round().astype(int)
        X.round().astype(np.int8)
        X > 0
        X.astype(object)
        X[::-1][::-1]
        np.repeat(X, 2, axis=1)[:, ::2]
        np.asfortranarray(X)
        memmap(X)
        X * 1e-30
        X * 1e30
        X * 1e200
        X + 1e6
        X * 0
        X[:, :1]
        X[:, :, None]
        X[:, None, :, None]
        sparse.csr_matrix(X)
        sparse.csc_array(X)
        sparse.coo_matrix(X)
        sparse.csr_matrix((n, d))
        pd.DataFrame(X)
        pd.DataFrame(X, columns=[f'x{j}' for j in range(d)])
        pd.DataFrame(X, index=[f'{i}' for i in range(n)]).astype('Float64')
        pd.DataFrame(X).astype('Sparse[float]')
        pl.DataFrame(X)
        torch.tensor(X)
        torch.tensor(X, dtype=torch.bfloat16)
        torch.tensor(X, dtype=torch.float16)
        torch.tensor(X, requires_grad=True)
        TensorDataset(torch.tensor(X).float(), torch.tensor(y))
        SliceDict(X=X.astype('f4'))
        {'X': X.astype('f4')}
        SliceDataset(TensorDataset(torch.tensor(X).float(), torch.tensor(y)))
    """,
    "NoiseRobustClassifier.fit.y": "y\nnames[y]\n" + CROWDS,
    "y": """
        y
        y.tolist()
        names[y]
        names[y].tolist()
        names[y].astype(object)
        y.astype(float)
        y.astype(np.int8)
        y.astype('>i8')
        y.astype(np.uint64)
        y.astype(np.float16)
        y + 1
        -y
        y * 10**12
        y > 0
        y[:, None]
        np.repeat(y, 2)[::2]
        memmap(y)
        tuple(y)
        pd.Series(y, index=np.arange(n)[::-1])
        pd.Series(names[y], dtype='category')
        pd.Series(names[y], dtype='string')
        pd.Series(y, dtype='Int64')
        pd.DataFrame({'label': names[y]})
        pd.Categorical(names[y], categories=names[::-1], ordered=True)
        pl.Series(y)
        pl.Series(names[y], dtype=pl.Categorical)
        pl.DataFrame({'label': y})
        torch.tensor(y)
        torch.tensor(y, dtype=torch.int32)
        np.array(['x' * 100000 + name for name in names])[y]
        np.zeros(n, int)
        np.arange(n)
        np.where(np.arange(n) == 0, K - 1, 0)
    """,
    "y_proba": """
        p
        p.tolist()
        p.astype(np.float32)
        p.astype(np.float16)
        p.astype(np.longdouble)
        p.astype('>f8')
        p.astype(object)
        np.asfortranarray(p)
        np.repeat(p, 2, axis=1)[:, ::2]
        memmap(p)
        pd.DataFrame(p)
        pd.DataFrame(p, columns=names)
        pd.DataFrame(p, columns=names[::-1])
        pl.DataFrame(p)
        torch.tensor(p)
        torch.tensor(p, dtype=torch.bfloat16)
        torch.tensor(p, requires_grad=True)
        np.eye(K)[y]
        np.eye(K)[(y + 1) % K]
        np.full((n, K), 1 / K)
        np.eye(K, dtype=int)[y]
    """,
    "transition_matrix": """
        T
        T.tolist()
        T.astype(np.float32)
        T.astype(np.float16)
        T.astype('>f8')
        T.astype(np.longdouble)
        np.eye(K)
        np.eye(K)[::-1]
        np.full((K, K), 1 / K)
        pd.DataFrame(T)
        pd.DataFrame(T, index=names, columns=names)
        pd.DataFrame(T, index=names[::-1], columns=names[::-1])
        pl.DataFrame(T)
        torch.tensor(T)
        torch.tensor(T, dtype=torch.bfloat16)
        torch.tensor(T, requires_grad=True)
        T * (1 - 1e-7)
        np.eye(K) - 1e-17
        np.eye(K) * (1 - 1e-9) + 1e-9 / K
    """,
    "sample_weight": """
        w
        w.tolist()
        np.ones(n)
        w / w.sum()
        w * 1e-300
        w * 1e300
        w.astype(np.float16)
        w.astype('>f8')
        w.astype(int)
        w > 0
        np.eye(1, n)[0]
        np.where(y == 0, 0, w)
        pd.Series(w)
        pl.Series(w)
        torch.tensor(w)
        torch.tensor(w, dtype=torch.bfloat16)
        torch.tensor(w, requires_grad=True)
    """,
    "trusted": """
        m
        m.tolist()
        m.astype(int)
        m.astype(float)
        np.ones(n, bool)
        np.zeros(n, bool)
        y == 0
        pd.Series(m)
        pd.Series(m, dtype='boolean')
        pl.Series(m)
        torch.tensor(m)
    """,
    "cv": """
        2
        3
        None
        KFold(2)
        KFold(2, shuffle=True, random_state=0)
        StratifiedKFold(2)
        ShuffleSplit(2, random_state=0)
        LeaveOneOut()
        RepeatedKFold(n_splits=2, n_repeats=2, random_state=0)
        TimeSeriesSplit(2)
        PredefinedSplit(np.arange(n) % 2)
        list(KFold(2, shuffle=True).split(X))
        iter(list(KFold(2, shuffle=True).split(X)))
        [(np.arange(n) % 2 == 0, np.arange(n) % 2 == 1)]
        [(list(range(0, n, 2)), list(range(1, n, 2)))]
    """,
    "features": "X\nX.astype(np.float32)\nX[:, :, None]\nsparse.csr_matrix(X)\n"
    "pd.DataFrame(X)\nX * 1e200\nX * 0\ntorch.tensor(X)\nX.round().astype(int)",
    "folds": "np.arange(n) % 2\nnp.zeros(n)\nnp.arange(n)\npd.Series(y)\nnames[y]",
    "labels": "np.arange(K)\nnames\nnames.tolist()\nnp.arange(1, K + 1)\n"
    "np.arange(K)[::-1]\npd.Index(names)\ntorch.arange(K)\npl.Series(names)\n"
    "np.array(['x' * 100000 + name for name in names])",
    "bool": "False\nTrue",
    "count": "2\n1\n0\n5\nnp.int64(3)",
    "share": "0.3\n0\n0.0\n1e-9\n0.9\nnp.float32(0.5)\nnp.float64(0.25)",
    "rates": "(0.0, 0.3)\n[0.2]\nnp.array([0.1, 0.5])\n[0]",
    "noise_rates": "[0.0, 0.4]\nnp.array([0.1, 0.2])\n(0, 1)\npd.Series([0.1, 0.5])",
    "accuracies": "{'a': [[0.9, 0.8], [0.5, 0.6]]}\n{'a': np.eye(2), 'b': [[1], [0]]}",
    "from_accuracies.accuracies": "{'a': [0.9, 0.8]}\n{'a': [[0.9, 0.8], [0.5, 0.6]]}",
    "noise_rate": "0.3",
    # As in scikit-learn, None is the global state, save for the classifiers.
    "random_state": "0\nnp.random.RandomState(0)\nnp.int64(3)",
    "NoiseRobustClassifier.random_state": "None\n0\nnp.random.RandomState(0)",
    "ConfidentLearningClassifier.random_state": "None\n0\nnp.random.RandomState(0)",
    "n_jobs": "None\n1",
    "verbose": "None\n0\n1\n2\nTrue\nFalse",
    "device": "'cpu'\n'auto'\ntorch.device('cpu')",
    "dtype": "'auto'\n'float32'\n'float64'\n'bfloat16'",
    "memory": "None\ntempfile.mkdtemp()\nPath(tempfile.mkdtemp())\n"
    "joblib.Memory(tempfile.mkdtemp(), verbose=0)",
    "refit": "'scratch'\n'first-pass'",
    "NoiseRobustConformalClassifier.cv": "2\n3\nKFold(2)",  # others take too long
    "NoiseCalibratedClassifier.method": "'temperature'\n'vector'\n'isotonic'",
    "conformity_score": "'lac'\n'aps'",
    "coverage": "'marginal'\n'class'",
    "average": "'macro'\n'weighted'\nNone",
    "multi_class": "'ovr'\n'ovo'",
    "pos_label": "None\n1",
    "estimator_name": "None\n'a model'",
    "transition_draws": "None\nT[None]\nnp.repeat(T[None], 5, axis=0)",
    "y_set": "p > 0.2\np > 1\np >= 0\n(p > 0.3).tolist()",
    "prob_true": "np.linspace(0, 1, 5)\n[0.1, 0.5]",
    "prob_pred": "np.linspace(0, 1, 5)\n[0.1, 0.5]",
    "low": "None\nnp.linspace(0, 1, 5)",
    "high": "None\nnp.linspace(0, 1, 5)",
    "confidence_levels": "np.linspace(0.5, 0.9, 5)\n[0.9]",
    "PredictionSetDisplay.from_estimator.confidence_levels": "None\n[0.8, 0.9]\n[0.5]",
    "mean_sizes": "np.linspace(1, 3, 5)\n[1]",
    "PredictionSetDisplay.coverages": "np.linspace(0.5, 0.9, 5)\n[0.9]",
    "intervals": "None\nnp.linspace(0, 1, 10).reshape(5, 2)",
    "filter_by": "'posterior'\n'confident-learning'\n'self-confidence'",
    "action": "'auto'\n'prune'\n'reweight'",
    "return_type": "'mask'\n'indices'\n'frame'",
    "label_quality_scores.method": "'posterior'\n'self-confidence'",
    "normalize": "None\n'true'\n'pred'\n'all'",
    "metric": "'accuracy'\n'balanced_accuracy'",
    "base_loss": "'cross-entropy'\n'mae'\nnn.CrossEntropyLoss()",
    "reduction": "'mean'\n'sum'\n'none'",
    "ignore_index": "-100\n-1\n1",
    "threshold": "None\n0.5\n0\n1.0",
    "percentile": "97\n100\n50.5\n0",
    "space": "'hidden'\n'input'",
    "kind": "'symmetric'\n'uniform'\n'pair'\n'permutation'\n'random'",
    "RobustnessCurveDisplay.kind": "None\n'symmetric'\n'pair'",
    "permutation": "None\nnp.roll(np.arange(K), 1)\n[1, 0, 2]",
    "allowed_flips": "None\nnp.ones((K, K), bool)\nnp.eye(K, dtype=bool)",
    "clean_classes": "()\n[0]\nnp.array([1])\nrange(K)",
    "estimators": "None\n{'anchor': AnchorEstimator()}\n['anchor', 'frequency']\n"
    "[AnchorEstimator(), ConfusionEstimator()]",
    "from_estimators.estimators": "{'a': quick()}\n[quick()]\n"
    "{'a': quick(), 'b': LogisticRegression()}",
    "max_weight": "10.0\n1\n1e30",
    "max_loss": "None\n2.0\n1",
    "decisions": "[{'row': 0, 'label': y[0], 'decision': 'right'}]\n[]\n"
    "pd.DataFrame({'row': range(n), 'label': y, 'decision': 'unsure'})\n"
    "pl.DataFrame({'row': [1], 'label': y[1:2], 'decision': ['wrong']})",
    "apply_decisions.index": "None\nnp.arange(n)\nnp.arange(1, n + 1).tolist()\n"
    "pd.Index([f'{i}' for i in range(n)])",
    "is_wrong": "m\ny == 0\nm.astype(float)\nnp.where(m, 1, np.nan)\n"
    "pd.Series(m, dtype='boolean')\nnp.zeros(n).tolist()",
    "part": "np.repeat('random', n)\nnp.where(y == 0, 'suspicious', 'random')\n"
    "pd.Series(np.where(m, 'suspicious', 'random'))\n['random'] * n",
    "noise_rate_from_review.n_samples": "1000\nn\nnp.int64(10**6)",
    "noise_rate_from_review.method": "'hypergeometric'\n'clopper-pearson'\n"
    "'wilson'\n'sequential'",
    "quality": "p.max(axis=1)\np.max(axis=1).tolist()\npd.Series(p.max(axis=1))",
    "rows": "None\nnp.arange(n)\nnp.arange(n).tolist()\nnp.arange(n)[::-1]",
    "standard_error": "None\nT / 10\nnp.full((K, K), np.nan)\nT.tolist()",
    "history": "quick().fit(X, y).history_\n[{'train_loss': 0.5}]\n[]",
    "TrainingHistoryDisplay.first_pass_history": "None\n"
    "quick().fit(X, y).first_pass_history_",
    "noise_report.format": "'html'\n'md'",
    "path": "None\nPath(tempfile.mkdtemp()) / 'report.html'\n'report.html'",
    "title": "None\n'A title'\n'<b>'",
    "column_order": "None",
    "source": "None\n{}\n{'file_name': 'a.csv', 'notes': ['A note'], "
    "'columns': [{'name': 'x', 'kind': 'number'}], 'next_steps': [('Look:', 'ls')]}",
    "ax": "None",
    "include_values": "'auto'\nTrue\nFalse",
    "values_format": "'.2f'\n'.0%'\n'g'",
    "cmap": "'Blues'\n'viridis'",
    "xticks_rotation": "'auto'\n'vertical'\n45",
    "im_kw": "None\n{'alpha': 0.5}",
    "text_kw": "None\n{'size': 5}",
    "logits": """
        torch.tensor(X @ np.ones((d, K)) + p)
        torch.tensor(p).float()
        torch.tensor(p, requires_grad=True)
        torch.tensor(p).bfloat16()
        torch.tensor(p).half()
        torch.tensor(p) * 1e30
        torch.tensor(p).T.contiguous().T
        torch.zeros(n, K)
    """,
    "target": """
        torch.tensor(y)
        torch.tensor(y, dtype=torch.int32)
        torch.tensor(y, dtype=torch.uint8)
        torch.zeros(n, dtype=torch.int64)
    """,
    "outputs": "(torch.tensor(p).float(), torch.tensor(X).float())\n"
    "(torch.tensor(p), torch.tensor(X))",
    "transition_matrices.features": "torch.tensor(X)\ntorch.tensor(X).float()",
    "n_features": "d",
    "n_classes": "K\nnp.int64(K)\n2\n1\n10",
    "n_estimators": "1\n2\nnp.int64(2)\n'auto'",
    "EarlyLearningLoss.n_samples": "None\nn\nnp.int64(n)",
    "index": "torch.arange(n)\ntorch.zeros(n, dtype=torch.int32)",
    "forget.n_samples": "None\nn",
    "forget.n_of_each": "None",
    "balanced": "True\nFalse\nnp.True_",
    "EarlyLearningLoss.forward.weight": "None\ntorch.ones(n)\ntorch.zeros(n)",
    "n_groups": "3\n2\n5\nnp.int64(3)",
    "encoding": "None\nRobustScaling(np.zeros(d), np.ones(d))\n"
    "PiecewiseLinearEncoding([[-1, 0, 1]] * d)\nPiecewiseLinearEncoding.from_samples(X)",
    "edges": "[[-1, 0, 1]] * d\n[[0, 1]] * d\n[[0.5]] * d\n[[0, 0, 1e30]] * d\n"
    "np.sort(X, axis=0).T\n[torch.arange(3.0)] * d",
    "n_bins": "2\n1\n8\n1000\nnp.int64(3)",
    "center": "np.zeros(d)\n[0.5] * d\nX.mean(axis=0)\ntorch.zeros(d)\n[1e30] * d",
    "scale": "np.ones(d)\n[0.5] * d\nX.std(axis=0)\ntorch.ones(d)\n[0] * d\n[1e-30] * d",
    "hidden": "4\n(4, 3)\n()\n[5]",
    "TextLSTM.hidden": "4",
    "ConvNet.hidden": "4",
    "dense": "4",
    "n_channels": "1\n3",
    "widths": "(2, 3)\n[4, 4]",
    "depth": "8\n14",
    "width": "2\n4",
    "n_tokens": "20\n5",
    "embedding_dim": "4\n2",
    "MLP.forward.X": "torch.tensor(X).float()\nsparse.csr_matrix(X)",
    "ConvNet.forward.X": "torch.zeros(2, 1, 16, 16)\ntorch.zeros(2, 3, 28, 28)",
    "ResNet.forward.X": "torch.zeros(2, 3, 16, 16)\ntorch.zeros(2, 1, 32, 32)",
    "TextEmbeddingNet.forward.X": "torch.tensor([[1, 2], [3, 0]])\n"
    "torch.zeros(2, 5, dtype=torch.int32)",
    "TextLSTM.forward.X": "torch.tensor([[1, 2], [3, 0]])\n"
    "torch.zeros(2, 5, dtype=torch.int32)",
    "from_estimator.estimator": "quick().fit(X, y)\nquick(transition=T).fit(X, y)\n"
    "make_pipeline(StandardScaler(with_mean=False), quick()).fit(X, y)\n"
    "GridSearchCV(quick(), {'correction': ['none']}, cv=2).fit(X, y)\n"
    "quick(correction='gce').fit(X, names[y])",
    "RobustnessCurveDisplay.from_estimator.estimator": "quick()\nLogisticRegression()",
    "noise_report.estimator": "quick().fit(X, y)\nquick(transition=T).fit(X, y)\n"
    "quick(correction='none').fit(X, y)\n"
    "make_pipeline(StandardScaler(with_mean=False), quick()).fit(X, names[y])",
    "bootstrap_transition.estimator": "AnchorEstimator()\nConfusionEstimator()\n"
    "TrustedEstimator()\nAutoEstimator()\n"
    "ClusterabilityEstimator(random_state=0)",
    "TrustedEstimator.estimator": "None\nAnchorEstimator()\nConfusionEstimator()",
    "ConstrainedEstimator.estimator": "None\n"
    "AnchorEstimator()\nDualTransitionEstimator()",
    "noisy_log_likelihood_scorer.estimator": "quick().fit(X, y)\n"
    "make_pipeline(StandardScaler(with_mean=False), quick()).fit(X, y)\n"
    "ConfidentLearningClassifier(LogisticRegression(), cv=2).fit(X, y)",
    "NoiseRobustClassifier.estimator": """
        net()
        net(Plain)
        net(Softmax)
        net(Normed)
        net(Normed, batch_size=7)
        net(batch_size=8)
        net(batch_size=8, iterator_train__drop_last=True)
        net(optimizer=torch.optim.Adam)
        net(optimizer=torch.optim.LBFGS, optimizer__max_iter=2)
        net(train_split=ValidSplit(2))
        net(train_split=ValidSplit(2), callbacks=[EarlyStopping()])
        net(callbacks=[EarlyStopping()])
        net(criterion__weight=torch.ones(K))
        net(module__dropout=0.5)
        net(module__hidden=())
        net(lr=1e30)
        Plain
    """,
    "ConfidentLearningClassifier.estimator": """
        LogisticRegression()
        KNeighborsClassifier(2)
        DummyClassifier()
        make_pipeline(StandardScaler(), LogisticRegression())
        RandomForestClassifier(2, random_state=0)
        net(Plain)
        quick()
    """,
    "NoiseRobustClassifier.transition": """
        'auto'
        'anchor'
        'frequency'
        'confident-joint'
        'confusion'
        'dual'
        'trusted'
        'clusterability'
        0.3
        0
        0.9
        T
        T.tolist()
        torch.tensor(T)
        pd.DataFrame(T, index=names, columns=names)
        np.eye(K)[::-1]
        np.full((K, K), 1 / K)
        AnchorEstimator()
        FrozenEstimator(AnchorEstimator().fit(p, y))
        ConstrainedEstimator()
        TrustedEstimator(AnchorEstimator())
    """,
    "ConfidentLearningClassifier.transition": """
        'auto'
        T
        T.tolist()
        pd.DataFrame(T, index=names, columns=names)
        np.eye(K)[::-1]
        np.full((K, K), 1 / K)
    """,
    "correction": """
        'forward'
        'none'
        'backward'
        'reweight'
        'adaptation'
        'adaptation-complex'
        'adaptation-sparse'
        'adaptation-volume'
        'em'
        'bootstrap-soft'
        'bootstrap-hard'
        'unhinged'
        'sigmoid'
        'savage'
        'elr'
        'forward-elr'
        'gce'
        'mae'
        'label-smoothing'
        'clipped'
        'auto'
        ForwardLoss
        ForwardLoss(T)
        EarlyLearningLoss()
        partial(EarlyLearningLoss, momentum=0.9)
        ComplexAdaptationLoss
        nn.CrossEntropyLoss()
        nn.CrossEntropyLoss
        partial(BackwardLoss, identity_weight=0.2)
        GeneralizedCrossEntropyLoss(q=0.5)
    """,
    "class_weight": """
        None
        'balanced'
        {0: 2.0}
        {0: 1e-300, 1: 1e300}
        {'a': 3}
        {}
    """,
    "first_pass": """
        None
        LogisticRegression()
        KNeighborsClassifier(2)
        DummyClassifier()
        RandomForestClassifier(2, random_state=0)
        make_pipeline(StandardScaler(), LogisticRegression())
        net(Plain)
        Plain
    """,
}

ODD = {
    "missing_label": "[1]\nnp.inf\nint",
    "prior": "'none'\n-1\nnp.nan\nT",
    "max_iter": "0\n2.5\n'3'",
    "tol": "-1\nnp.nan\n'a'",
    "n_suggestions": "0\n2.5\n'3'",
    "annotators": "['nobody']\n[]\n3\nX",
    "annotations_to_frame.task": "np.arange(n)[:-1]\nX\n[None] * n\nnp.zeros(n)",
    "annotator": "y[:-1]\nX\n[np.nan] * n",
    "annotations_to_frame.label": "y[:-1]\nX\n[None] * n",
    "DawidSkene.fit.y": "y\ncrowd[:, :1]\ncrowd[:0]\ncrowd * np.nan\ncrowd + 1j\n"
    "[[0, 'a']] * n\n[[{0}, {1}]] * n",
    "MajorityVote.fit.y": "y\ncrowd[:, :1]\nX\nnames\n[[0, 1], [1]]",
    "krippendorff_alpha.y": "y\ncrowd[:, :1]\nX\n[[0, 'a']]",
    "annotator_summary.estimator": "DawidSkene()\nMajorityVote().fit(crowd)\nDawidSkene",
    "suggest_next.estimator": "DawidSkene()\nLogisticRegression()\nDawidSkene",
    "suggest_next.X": "X\nn",
    "annotator_log_likelihood.estimator": "quick().fit(X, y)\nquick()\nDawidSkene()",
    "transition_matrices": "T\nnp.ones((2, K, K))\nnp.zeros((0, K, K))\n[T, T[:2, :2]]",
    "AnnotatorForwardLoss.forward.target": "torch.tensor(y)\ntorch.tensor(p)\ncrowd\n"
    "torch.full((n, 2), K)\ntorch.zeros(n, 5, dtype=torch.int64)",
    "AnnotatorDisplay.summary": "{}\nX\nDawidSkene()\n{'accuracy': [0.5]}\ny",
    "AnnotatorDisplay.from_estimator.estimator": "DawidSkene()\n"
    "MajorityVote().fit(crowd)\nquick()\nDawidSkene",
    "TransitionMatrixDisplay.from_estimator.annotator": "'nobody'\n0\n[0]\nX",
    "LabelIssuesDisplay.annotators": "names[y][:-1]\nX\n3",
    "X": """
        X[:-1]
        X[:0]
        X[:, :0]
        X[:1]
        X[0]
        X[:, 0]
        X + 0j
        replaced(X, np.nan)
        replaced(X, np.inf)
        X.astype(str)
        X.astype('S')
        X.astype('datetime64[s]')
        X[:, :, None] * np.ones((1, 1, 0))
        np.hstack([X, X])
        X[::-1]
        torch.tensor(X).T
        torch.tensor(X, device='meta')
        sparse.csr_matrix(X).T
        sparse.coo_array(X[:, :, None])
        sparse.csr_matrix(replaced(X, np.nan))
        pd.DataFrame(X).where(X > 0)
        pd.DataFrame({'a': names[y], 'b': X[:, 0]})
        pd.DataFrame({'a': pd.Categorical(names[y])})
        pd.DataFrame({'a': pd.to_datetime(y, unit='D')})
        pd.DataFrame({'a': pd.array(y, dtype='Int64').__class__(y, y == 0)})
        pd.DataFrame(X[:, :1].repeat(2, axis=1), columns=['a', 'a'])
        pd.DataFrame(X, columns=[('a', j) for j in range(d)])
        pd.DataFrame(X, columns=[j if j else 'a' for j in range(d)])
        pl.DataFrame({'a': names[y]})
        pl.DataFrame({'a': [None] * n})
        pd.Series(X[:, 0])
        SliceDict(other=X.astype('f4'))
        {'other': X.astype('f4')}
        DataLoader(TensorDataset(torch.tensor(X).float(), torch.tensor(y)))
        TensorDataset(torch.tensor(X).float())
        [list(row) for row in X[:-1]] + [[1.0]]
        [X, X]
        (row for row in X)
        names[y]
        names[y][:, None]
        np.ma.masked_less(X, 0)
    """,
    "y": """
        y[:-1]
        y[:0]
        y[0]
        p
        np.eye(K)[y]
        np.hstack([y, y])
        replaced(y, np.nan)
        replaced(y, np.inf)
        y + 0.5
        y + 0j
        y * 1e300
        names[y].astype(object) * (y > 0)
        [None, *names[y][1:]]
        [np.nan, *names[y][1:]]
        [pd.NA, *names[y][1:]]
        [1, *names[y][1:]]
        [True, *y[1:]]
        ['', *names[y][1:]]
        pd.Series(y).where(y > 0)
        pd.Series(y, dtype='Int64').where(y > 0)
        pd.Series(names[y], dtype='category').where(y > 0)
        pd.to_datetime(y, unit='D')
        pl.Series([None, *y[1:]])
        pl.Series(names[y], dtype=pl.Categorical).to_frame()
        torch.tensor(y, dtype=torch.bfloat16)
        torch.tensor(y, dtype=float, requires_grad=True)
        torch.tensor(y, device='meta')
        sparse.csr_matrix(y)
        names[y].astype('S')
        y.astype('datetime64[D]')
        [[k] for k in y]
        [[k] * (1 + k) for k in y]
        [{k} for k in y]
        [10**400 + k for k in y.tolist()]
        set(y)
        iter(y)
        y + 1 - (y == K - 1)
        (y + 1) * (y < K - 1)
        y + 10
        np.ma.masked_equal(y, 0)
    """,
    "y_proba": """
        -p
        p * 2
        p - 0.01
        np.log(p)
        p[:, :-1]
        p[:-1]
        p[:0]
        p[:, :0]
        p[:, :1]
        p[:, 0]
        p.T
        p[None]
        np.hstack([p, p]) / 2
        replaced(p, np.nan)
        replaced(p, np.inf)
        np.full((n, K), np.nan)
        p + 0j
        p.astype(str)
        sparse.csr_matrix(p)
        torch.tensor(p, device='meta')
        pd.DataFrame(p, columns=[f'other {k}' for k in range(K)])
        pd.DataFrame(p, columns=['a'] * K)
        pd.DataFrame(p).where(p > 0.1)
        pd.DataFrame({'a': names[y], 'b': names[y]})
        pl.DataFrame({f'{k}': [None] * n for k in range(K)})
        np.round(p, 2)
        p * 1e300
        names[y]
        y
    """,
    "transition_matrix": """
        T[:-1]
        T[:, :-1]
        T[0]
        T[None]
        T * 2
        -T
        T + 0j
        T.astype(str)
        T.astype(object)
        replaced(T, np.nan)
        replaced(T, np.inf)
        np.eye(K + 1)
        np.eye(1)
        np.eye(0)
        np.zeros((K, K))
        np.tril(np.ones((K, K)))
        T @ np.diag(np.arange(1, K + 1))
        sparse.csr_matrix(T)
        pd.DataFrame(T, index=[f'other {k}' for k in range(K)])
        pd.DataFrame(T, columns=['a'] * K)
        pd.DataFrame(T, index=names, columns=names[::-1])
        pd.DataFrame(T, index=np.arange(1, K + 1), columns=np.arange(1, K + 1))
        torch.tensor(T, device='meta')
        T * (1 - 1e-4)
        names
    """,
    "sample_weight": """
        -w
        w * 0
        w - 1
        replaced(w, np.nan)
        replaced(w, np.inf)
        w * 1e308
        w[:-1]
        w[:0]
        w[:, None]
        w.astype(str)
        w.astype(object)
        w + 0j
        'balanced'
        {0: 1, 1: 2}
        pd.Series(w).where(w > 0)
        [None] * n
        torch.tensor(w, device='meta')
        sparse.csr_matrix(w)
        1.0
    """,
    "trusted": """
        np.flatnonzero(m)
        m[:-1]
        m[:, None]
        m * 2
        m.astype(str)
        replaced(m.astype(float), np.nan)
        pd.Series(m, dtype='boolean').where(y > 0)
        [None] * n
        m[:0]
        names[y]
        sparse.csr_matrix(m)
        torch.tensor(m, device='meta')
    """,
    "cv": """
        n
        n + 1
        1000
        '2'
        2.0
        [(np.arange(n), np.arange(n))]
        [(np.arange(0, n, 2.0), np.arange(1, n, 2.0))]
        [(np.arange(n), np.arange(n) + 5)]
        [(np.arange(n), [-1])]
        [([], np.arange(n))]
        [(np.arange(n), [])]
        [([0], [1])]
        [(np.arange(n),)]
        [np.arange(n)]
        [np.arange(n), np.arange(n), np.arange(n)]
        [(np.arange(n - 1), [n - 1], 3)]
        [(np.arange(n)[:, None], [0])]
        [(np.arange(n) < 3, np.arange(n - 1) >= 3)]
        [(['a'], ['b'])]
        [(np.flatnonzero(y > 0), np.flatnonzero(y == 0))]
        [(np.flatnonzero(y == 0), np.flatnonzero(y > 0))]
        [(np.r_[0:n, 0:n], np.arange(n))]
        Splitter()
        Splitter((np.arange(n), np.arange(n)))
        Splitter((np.arange(n) + 1, [0]))
        Splitter(3)
        Splitter(None, None)
        KFold
        GroupKFold(2)
        KFold(n + 1)
        StratifiedKFold(n)
        PredefinedSplit(-np.ones(n))
        LeaveOneOut
    """,
    "features": "X[:-1]\nX[0]\nX[:, :0]\nreplaced(X, np.nan)\nX.astype(str)\nX + 0j\n"
    "torch.tensor(X, device='meta')\nsparse.coo_array(X[:, :, None])",
    "folds": "np.arange(n)[:-1]\nX\nreplaced(y, np.nan)\n[None] * n\n[[0]] * n",
    "labels": "names[:-1]\nnp.zeros(K)\nnp.arange(K + 1)\n[None] * K\nnames[:, None]\n"
    "[*range(K - 1), 'a']\n[*range(K - 1), np.nan]\n'abc'\n[[0]] * K\nset(names)",
    "count": "10.5\n'2'\n-3",
    "share": "1\n1.0\n1 + 1e-12\n-1e-12\n[0.1]\n'0.1'\nT\n-0.0\n1e300",
    "permutation": "[0, 0, 1]\n[0, 1]\n[2.5, 0, 1]\n['a', 'b', 'c']\n[-1, 0, 1]\n"
    "np.arange(K) + 1",
    "random_state": "-1\n2**40\n'seed'\nnp.random.default_rng(0)\n0.5",
    "n_jobs": "0\n'a'\n1.5\nNone",
    "device": "'meta'\n'gpu'\n'cuda:99'\n''\ntorch.device('meta')\n0",
    "dtype": "'float16'\nnp.float32\ntorch.float32\n'int64'\n'longdouble'",
    "memory": "sklnoise.__file__\njoblib.Memory\n'/proc/none'",
    "kind": "'other'\n'Symmetric'\n['pair']",
    "target": """
        torch.tensor(y) - 1
        torch.tensor(y) + K
        torch.tensor(y)[:-1]
        torch.tensor(y)[:, None]
        torch.tensor(y).float()
        torch.tensor(p)
        torch.tensor(y > 0)
    """,
    "logits": """
        p
        torch.tensor(p)[:-1]
        torch.tensor(p)[:, :-1]
        torch.tensor(p)[:, :0]
        torch.tensor(p)[0]
        torch.tensor(p)[None]
        torch.tensor(p) * torch.nan
        torch.tensor(p) * torch.inf
        torch.tensor(y)
        torch.eye(K, dtype=int)[torch.tensor(y)]
        torch.tensor(p + 0j)
        torch.tensor(p).to_sparse()
    """,
    "transition_matrices.features": "X\ntorch.tensor(y)\ntorch.tensor(X)[:, :0]",
    "outputs": """
        torch.tensor(p)
        (torch.tensor(p),)
        (torch.tensor(p), torch.tensor(X)[:-1])
        (torch.tensor(p), torch.tensor(X)[:, :0])
        (torch.tensor(X), torch.tensor(p))
        (p, X)
    """,
    "quality": "p.max(axis=1)[:-1]\np\nreplaced(p.max(axis=1), np.nan)\nnames[y]",
    "rows": "np.arange(n)[:-1]\nnp.arange(n) + 1000\nnames[y]\nX\nnp.arange(n) + 0.5",
    "standard_error": "T[:-1]\nT[0]\nT.astype(str)\n-T\nT + 0j",
    "allowed_flips": "T\nT > 2\nnp.ones((K, K + 1), bool)\nnames\n{(0, 1)}",
    "clean_classes": "[K]\n[-1]\n[0.5]\n['a']\n[0, 0]\n3\nrange(K + 1)",
    "estimators": "[]\n['nope']\n[AnchorEstimator]\n{'a': 'anchor'}\n"
    "[LogisticRegression()]",
    "accuracies": "[0.9, 0.8]\n{}\n{'a': []}\n{'a': [np.nan, 2]}\n{'a': 'b'}\n{'a': [1]}",
    "noise_rates": "[]\n[np.nan]\n[-1, 2]\n'abc'\n[0.1, 0.2]\n{}\n[[0.1], [0.2, 0.3]]",
    "ignore_index": "0.5\n'a'\nNone\n[1]",
    "history": "[{}]\n[{'valid_loss': 0.5}]",
    "percentile": "101\n-1\n100.0001\n'97'\n[97]",
    "NoiseCalibratedClassifier.method": "'platt'\n1",
    "conformity_score": "'raps'\n1",
    "coverage": "'label'\n0.9",
    "average": "'nope'\n1",
    "multi_class": "'raise'\n1",
    "pos_label": "'nope'\n-3",
    "estimator_name": "3",
    "transition_draws": "T\np\nT[None, :-1]\n-T[None]\n'auto'\nT[None] * np.nan",
    "y_set": "p\ny\np[:-1] > 0\n(p > 0.2)[:, :-1]\n'a'",
    "prob_true": "'a'\n[[0.1]]\n[np.nan]\n[]",
    "prob_pred": "'a'\n[[0.1]]\n[np.nan]\n[]",
    "low": "'a'\n[0.1, np.nan]",
    "high": "'a'\n[0.1, np.nan]",
    "confidence_levels": "'a'\n[2]\n[0]\n[]\n[np.nan]",
    "mean_sizes": "'a'\n[-1]\n[np.nan]",
    "PredictionSetDisplay.coverages": "'a'\n[2]\n[np.nan]",
    "intervals": "'a'\n[1]\n[[np.nan, 1]]",
    "metric": "'nope'\nget_scorer('accuracy')\n'roc_auc'",
    "noise_rate": "0.3\n1\n0\n[0.1] * K\nnp.full(n, 0.5)\nT\nnp.linspace(0, 0.9, K)",
    "noise_report.format": "'pdf'\n1",
    "path": "'/proc/none/report.html'\n'.'\n'missing/report.html'\n3",
    "hidden": "'a'\n(4, 'a')\n-4\n(0,)\n4.5",
    "n_features": "d + 1\n0\n-1\n2.5",
    "n_classes": "0\n-1\n2.5\n'3'",
    "n_estimators": "0\n-1\n2.5\n'3'\nNone",
    "n_samples": "-1\n2.5\n'3'\n1",
    "decisions": "3\n[3]\n[{}]\n'decisions.csv'\n{'row': 1}\nX\n"
    "[{'row': n, 'label': 0, 'decision': 'right'}]\npd.DataFrame({'row': [0]})\n"
    "[{'row': 0, 'label': y[0], 'decision': 'perhaps'}]",
    "is_wrong": "[2] * n\nm[:-1]\n[]\nX\n['right'] * n\nnp.full(n, np.nan)",
    "part": "m\n['random']\n['other'] * n\nnp.repeat('suspicious', n)\n[]",
    "index": "None\nnp.arange(n)\ntorch.arange(n) - 1\ntorch.arange(3)\ntorch.zeros(n)",
    "n_groups": "0\n1\n2.5\n'3'\nNone\n10**6",
    "n_of_each": "0\n2.5\n'3'",
    "balanced": "None\n'yes'\n2",
    "EarlyLearningLoss.forward.weight": "np.ones(n)\ntorch.ones(3)\n2",
    "encoding": "'piecewise'\nRobustScaling\nnn.ReLU()\nRobustScaling([0], [1])",
    "edges": "[]\n[[]]\n[[1, 0]] * d\n[[0, np.nan]] * d\nX[0]\n3\n'abc'\n[['a', 'b']]",
    "n_bins": "0\n-1\n2.5\n'3'\nNone",
    "center": "[]\n[np.nan] * d\n[np.inf] * d\nX\n3\n'abc'\n[0] * (d + 1)",
    "scale": "[]\n[np.nan] * d\n[-1] * d\nX\n3\n'abc'\n[1] * (d + 1)",
    "from_estimator.estimator": "quick()\nLogisticRegression().fit(X, y)\nquick\n"
    "quick().fit(X[:-1], y[:-1])\nquick().fit(X[:, :1], y)",
    "NoiseRobustClassifier.estimator": """
        net(lr=np.nan)
        net(lr=-1.0)
        net(lr='a')
        net(max_epochs=0)
        net(max_epochs=-1)
        net(max_epochs=1.5)
        net(batch_size=0)
        net(batch_size=-2)
        net(batch_size='a')
        net(module__hidden='a')
        net(module__hidden=-1)
        net(module__other=3)
        net(other=3)
        net(OtherSizes)
        OtherSizes
        net(OneOutput)
        net(NanOutput)
        net(nn.Linear)
        net(nn.Linear(d, K))
        net(MLP(d, K))
        net(MLP(d + 1, K))
        MLP(d, K)
        nn.Linear(d, K)
        net(optimizer='adam')
        net(optimizer=None)
        net(criterion=nn.MSELoss)
        net(criterion__weight=torch.ones(K + 1))
        net(train_split=3)
        net(train_split=ValidSplit(n + 1))
        net(callbacks=[3])
        net(callbacks='all')
        net(iterator_train=3)
        net(device='meta')
        NeuralNetClassifier
        NeuralNetClassifier(MLP(d, K), max_epochs=1).initialize
        NeuralNetRegressor(MLP)
        net('MLP')
        net(3)
    """,
    "ConfidentLearningClassifier.estimator": """
        RidgeClassifier()
        LogisticRegression(C=-1)
        NeuralNetRegressor(Plain)
        KNeighborsClassifier(1000)
        StandardScaler()
        net(NanOutput)
    """,
    "NoiseRobustClassifier.transition": """
        1
        1.0
        -0.1
        'nope'
        AnchorEstimator
        AnchorEstimator(percentile=200)
        LogisticRegression()
        FrozenEstimator(AnchorEstimator())
        FrozenEstimator(AnchorEstimator().fit(p[:, :2] / p[:, :2].sum(1)[:, None], y > 0))
        T[:-1]
        T * 2
        -T
        replaced(T, np.nan)
        np.eye(K + 1)
        T.astype(str)
        pd.DataFrame(T, index=[f'other {k}' for k in range(K)])
    """,
    "correction": """
        'nope'
        nn.Linear(2, 2)
        ForwardLoss(np.eye(K + 1))
        nn.MSELoss()
        nn.BCEWithLogitsLoss
        partial(ForwardLoss)
        partial(int)
        partial(GeneralizedCrossEntropyLoss, q=5)
        partial(GeneralizedCrossEntropyLoss, other=5)
        nn.CrossEntropyLoss(reduction='sum')
        nn.CrossEntropyLoss(weight=torch.ones(K + 1))
    """,
    "class_weight": """
        'even'
        {0: 0}
        {0: -1.0}
        {0: np.nan}
        {'no class': 1.0}
        {0: None}
        [1.0, 2.0]
    """,
    "first_pass": """
        RidgeClassifier()
        LogisticRegression
        LogisticRegression(C=-1)
        KNeighborsClassifier(1000)
        net(OtherSizes)
        net(NanOutput)
        nn.Linear
        nn.Linear(2, 3)
        NeuralNetRegressor(MLP)
        StandardScaler()
    """,
}

GOOD = {name: listed(text) for name, text in GOOD.items()}
ODD = {name: listed(text) for name, text in ODD.items()}
PLAIN = set(chain.from_iterable(values[:1] for values in GOOD.values()))
