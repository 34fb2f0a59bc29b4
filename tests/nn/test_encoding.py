"""Encodings of table columns."""

import pickle
from copy import deepcopy

import numpy as np
import pandas as pd
import pytest
import torch
from scipy.sparse import csr_array
from sklearn.base import clone

from sklnoise import NoiseRobustClassifier
from sklnoise.nn import MLP, PiecewiseLinearEncoding, RobustScaling

ENCODINGS = [PiecewiseLinearEncoding, RobustScaling]
DTYPES = [torch.float32, torch.float64]


def make_table(n_samples=100, seed=0):
    """A normal, a log-normal, a binary, a constant and a rounded column."""
    rng = np.random.default_rng(seed)
    columns = [
        rng.normal(size=n_samples),
        rng.lognormal(sigma=3, size=n_samples),
        rng.integers(0, 2, size=n_samples),
        np.full(n_samples, 7.0),
        rng.normal(scale=3, size=n_samples).round(),
    ]
    return np.column_stack(columns)


def codes_of(encoding, X):
    return encoding.double()(torch.as_tensor(X, dtype=torch.float64)).numpy()


def same_buffers(first, second):
    first, second = first.state_dict(), second.state_dict()
    return first.keys() == second.keys() and all(
        torch.equal(first[name], second[name]) for name in first
    )


# The piecewise-linear encoding


def test_each_code_is_the_part_of_its_bin_below_the_value():
    encoding = PiecewiseLinearEncoding([[0, 1, 3, 7]])
    X = torch.tensor([[-5.0], [0.25], [2], [7], [50]])
    expected = [[0, 0, 0], [0.25, 0, 0], [1, 0.5, 0], [1, 1, 1], [1, 1, 1]]
    torch.testing.assert_close(encoding(X), torch.tensor(expected).float())


def test_codes_times_widths_give_the_clipped_value_back():
    edges, X = [-1.5, 0.0, 0.25, 4.0], np.linspace(-3, 6, 50)[:, None]
    codes = codes_of(PiecewiseLinearEncoding([edges]), X)
    restored = edges[0] + codes @ np.diff(edges)
    np.testing.assert_allclose(restored, X[:, 0].clip(-1.5, 4), atol=1e-6)


@pytest.mark.parametrize("function", [np.exp, np.cbrt, lambda x: 3 * x - 20])
def test_codes_at_the_edges_stay_under_a_monotone_transformation(function):
    X = np.random.default_rng(0).normal(size=(101, 1))
    at_edges = np.sort(X, axis=0)[[0, 25, 50, 75, 100]]
    before = PiecewiseLinearEncoding.from_samples(X, n_bins=4)
    after = PiecewiseLinearEncoding.from_samples(function(X), n_bins=4)
    expected = np.tri(5, 4, -1)
    np.testing.assert_allclose(codes_of(before, at_edges), expected, atol=1e-6)
    np.testing.assert_allclose(codes_of(after, function(at_edges)), expected, atol=1e-6)


def test_permuted_columns_permute_the_codes():
    X = make_table()
    blocks = [
        codes_of(PiecewiseLinearEncoding.from_samples(X[:, [column]]), X[:, [column]])
        for column in [4, 2, 0, 1]
    ]
    permuted = X[:, [4, 2, 0, 1]]
    codes = codes_of(PiecewiseLinearEncoding.from_samples(permuted), permuted)
    np.testing.assert_array_equal(codes, np.concatenate(blocks, axis=1))


@pytest.mark.parametrize("n_bins", [1, 3, 8, 500])
def test_edges_are_values_of_the_samples_up_to_the_extremes(n_bins):
    X = np.random.default_rng(0).normal(size=(60, 1)).astype(np.float32)
    encoding = PiecewiseLinearEncoding.from_samples(X, n_bins=n_bins)
    assert encoding.n_outputs == min(n_bins, 59)
    lower = encoding.lower.numpy()
    assert np.isin(lower, X).all()
    assert lower[0] == X.min()
    assert lower[-1] + encoding.width[-1] == pytest.approx(X.max())


def test_bins_hold_equal_parts_of_the_samples():
    X = np.random.default_rng(0).permutation(80)[:, None]
    encoding = PiecewiseLinearEncoding.from_samples(X, n_bins=4)
    assert encoding.lower.tolist() == [0, 19, 39, 59]


def test_binary_column_has_one_code_and_constant_column_none():
    X = make_table()[:, [2, 3]]
    encoding = PiecewiseLinearEncoding.from_samples(X)
    assert (encoding.n_features, encoding.n_outputs) == (2, 1)
    np.testing.assert_array_equal(codes_of(encoding, X), X[:, :1])


@pytest.mark.parametrize("value", [-1e30, 0, 7.0, 3e38])
def test_without_any_bin_there_is_one_code_of_zero(value):
    encoding = PiecewiseLinearEncoding.from_samples(np.full((5, 2), 7.0))
    assert encoding(torch.full((3, 2), value)).tolist() == [[0.0]] * 3


# The robust scaling


def test_scaling_is_that_of_the_formula():
    X = np.random.default_rng(0).normal(2, 3, size=(201, 1))
    q1, median, q3 = np.quantile(X, [0.25, 0.5, 0.75], method="inverted_cdf")
    z = (X - median) / ((q3 - q1) / 1.349)
    scaled = codes_of(RobustScaling.from_samples(X), X)
    np.testing.assert_allclose(scaled, z / np.sqrt(1 + (z / 4) ** 2), atol=1e-5)


def test_scaled_values_stay_within_4_and_in_order():
    encoding = RobustScaling([0], [1])
    X = torch.tensor([[-3e38], [-100], [-1], [0], [1], [100], [3e38]])
    scaled = encoding(X).flatten()
    assert (scaled.diff() > 0).all()
    assert scaled.abs().max() <= 4
    torch.testing.assert_close(scaled, -scaled.flip(0))


def test_scale_is_half_the_range_where_the_quartiles_coincide():
    X = np.array([0.0] * 9 + [6.0])[:, None]
    np.testing.assert_allclose(
        codes_of(RobustScaling.from_samples(X), [[0], [3], [-3]])[:, 0],
        np.array([0, 1, -1]) / np.sqrt(1 + 1 / 16),
    )


@pytest.mark.parametrize("value", [-1e30, 0, 7.0, 3e38])
def test_constant_column_is_scaled_to_zero(value):
    encoding = RobustScaling.from_samples(np.full((5, 1), 7.0))
    assert encoding(torch.full((3, 1), value)).tolist() == [[0.0]] * 3


# Both


@pytest.mark.parametrize("kind", ENCODINGS)
@pytest.mark.parametrize("seed", range(3))
def test_weights_equal_repeats(kind, seed):
    X = make_table(seed=seed)
    weight = np.random.default_rng(seed + 10).integers(0, 4, size=len(X))
    weighted = kind.from_samples(X, sample_weight=weight)
    assert same_buffers(weighted, kind.from_samples(np.repeat(X, weight, axis=0)))
    assert same_buffers(weighted, kind.from_samples(X, sample_weight=weight / 4))


def test_last_edge_is_the_maximum_however_small_its_weight():
    X, weight = [[0.0], [1.0], [2.0]], [1e17, 1, 1]
    encoding = PiecewiseLinearEncoding.from_samples(X, 1, sample_weight=weight)
    assert encoding(torch.tensor(X)).flatten().tolist() == [0, 0.5, 1]


@pytest.mark.parametrize("kind", ENCODINGS)
def test_order_of_the_samples_does_not_matter(kind):
    X = make_table()
    assert same_buffers(kind.from_samples(X), kind.from_samples(X[::-1]))


@pytest.mark.parametrize("kind", ENCODINGS)
@pytest.mark.parametrize("container", [torch.from_numpy, pd.DataFrame, np.ndarray.tolist])
def test_samples_may_be_any_table(kind, container):
    X = make_table()
    assert same_buffers(kind.from_samples(container(X)), kind.from_samples(X))


@pytest.mark.parametrize("kind", ENCODINGS)
@pytest.mark.parametrize(
    "bad",
    [
        np.r_[np.random.default_rng(1).normal(size=99), 1e10],
        np.random.default_rng(1).lognormal(sigma=10, size=100),
        np.where(np.arange(100) % 3, np.linspace(0, 1, 100), -999),
        1e10 + np.linspace(0, 1e-3, 100),
        np.linspace(-1, 1, 100) * 1e300,
        np.linspace(-1, 1, 100) * 3e38,
        np.linspace(-1, 1, 100) * 1e-300,
    ],
)
@pytest.mark.parametrize("dtype", [*DTYPES, torch.bfloat16, torch.float16])
def test_bad_column_is_finite_and_leaves_the_other_codes(kind, bad, dtype):
    X = make_table()
    limit = torch.finfo(dtype).max
    samples = torch.from_numpy(np.c_[X, bad]).clamp(-limit, limit).to(dtype)
    alone = kind.from_samples(X).to(dtype)(samples[:, :-1])
    codes = kind.from_samples(np.c_[X, bad]).to(dtype)(samples)
    assert codes.isfinite().all()
    assert torch.equal(codes[:, : alone.shape[1]], alone)


def test_differences_beyond_the_largest_number_give_finite_codes():
    X = torch.tensor([[-1.7e308], [0], [1.7e308]], dtype=torch.float64)
    codes = PiecewiseLinearEncoding([[-1.7e308, 1.7e308]]).double()(X).flatten()
    assert codes[0] <= codes[1] <= codes[2]
    assert codes.isfinite().all()
    assert RobustScaling([1.7e308], [1e308]).double()(X).isfinite().all()


@pytest.mark.parametrize("kind", ENCODINGS)
def test_values_that_overflow_single_precision_are_encoded_as_outliers(kind):
    X = np.linspace(-1, 1, 20)[:, None] * [1e300, 1e30] + [0, 1]
    codes = kind.from_samples(X)(torch.from_numpy(X).float())
    assert codes.isfinite().all()


@pytest.mark.parametrize("kind", ENCODINGS)
def test_samples_in_half_precision_are_encoded_in_that_of_the_edges(kind):
    X = torch.from_numpy(make_table()).bfloat16()
    encoding = kind.from_samples(make_table())
    assert torch.equal(encoding(X), encoding(X.float()))


@pytest.mark.parametrize("kind", ENCODINGS)
@pytest.mark.parametrize("dtype", DTYPES)
def test_leading_axes_are_kept(kind, dtype):
    X = torch.from_numpy(make_table()).to(dtype)
    encoding = kind.from_samples(X).to(dtype)
    stacked = encoding(torch.stack([X, X.flip(0)]))
    assert stacked.dtype is dtype
    assert stacked.shape == (2, 100, encoding.n_outputs)
    assert torch.equal(stacked[0], encoding(X))
    assert torch.equal(stacked[1], encoding(X.flip(0)))
    assert torch.equal(encoding(X[0]), stacked[0, 0])


@pytest.mark.parametrize("kind", ENCODINGS)
@pytest.mark.parametrize("dtype", [torch.int64, torch.uint8, torch.bool])
def test_integers_are_encoded_as_floats(kind, dtype):
    X = torch.tensor([[0], [1], [1], [0]], dtype=dtype)
    encoding = kind.from_samples(X)
    assert torch.equal(encoding(X), encoding(X.float()))


@pytest.mark.parametrize("kind", ENCODINGS)
@pytest.mark.parametrize("copy", [deepcopy, lambda e: pickle.loads(pickle.dumps(e))])
def test_copies_encode_alike(kind, copy):
    X = torch.from_numpy(make_table()).float()
    encoding = kind.from_samples(X)
    assert torch.equal(copy(encoding)(X), encoding(X))


@pytest.mark.parametrize("kind", ENCODINGS)
def test_state_can_be_loaded(kind):
    X = torch.from_numpy(make_table()).float()
    encoding = kind.from_samples(X)
    other = kind.from_samples(3 * X + 1)
    assert not same_buffers(other, encoding)
    other.load_state_dict(encoding.state_dict())
    assert torch.equal(other(X), encoding(X))


@pytest.mark.parametrize("kind", ENCODINGS)
def test_gradients_reach_the_samples_and_nothing_is_trained(kind):
    X = torch.from_numpy(make_table(20)).requires_grad_()
    encoding = kind.from_samples(X).double()
    assert list(encoding.parameters()) == []
    # Between the edges, at which there is no derivative.
    inner = (X.detach() + 0.01).requires_grad_()
    assert torch.autograd.gradcheck(encoding, inner)


# What is refused


@pytest.mark.parametrize(
    "edges",
    [
        None,
        [],
        3,
        [0.0, 1.0],
        [[[0, 1], [2, 3]]],
        [[0, 1], [2, 1]],
        [[0, np.nan]],
        [[0, np.inf]],
        ["ab"],
        [[0, 1], None],
    ],
)
def test_bad_edges_are_refused(edges):
    with pytest.raises(ValueError, match="edges"):
        PiecewiseLinearEncoding(edges)


@pytest.mark.parametrize(
    ("center", "scale", "match"),
    [
        ([0, 1], [1], "scale"),
        ([], [], "scale"),
        ([0], [-1], "scale"),
        ([0], [np.inf], "scale"),
        ([[0]], [1], "center"),
        ([np.nan], [1], "center"),
        (0, 1, "center"),
    ],
)
def test_bad_center_or_scale_is_refused(center, scale, match):
    with pytest.raises(ValueError, match=match):
        RobustScaling(center, scale)


@pytest.mark.parametrize("n_bins", [0, -1, 2.5, "8", None])
def test_bad_number_of_bins_is_refused(n_bins):
    with pytest.raises(ValueError, match="n_bins"):
        PiecewiseLinearEncoding.from_samples(make_table(), n_bins)


@pytest.mark.parametrize("kind", ENCODINGS)
@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_samples_that_are_not_finite_are_refused(kind, value):
    X = make_table()
    X[3, 1] = value
    with pytest.raises(ValueError, match="X"):
        kind.from_samples(X)


@pytest.mark.parametrize("kind", ENCODINGS)
@pytest.mark.parametrize("weight", [np.ones(3), -np.ones(100), np.zeros(100)])
def test_bad_weights_are_refused(kind, weight):
    with pytest.raises(ValueError, match="sample_weight"):
        kind.from_samples(make_table(), sample_weight=weight)


@pytest.mark.parametrize("kind", ENCODINGS)
@pytest.mark.parametrize("shape", [(3, 4), (3, 6), (5, 3), ()])
def test_another_number_of_columns_is_refused(kind, shape):
    with pytest.raises(ValueError, match="n_features"):
        kind.from_samples(make_table())(torch.zeros(shape))


@pytest.mark.parametrize("kind", ENCODINGS)
@pytest.mark.parametrize("convert", [csr_array, np.asarray, torch.Tensor.to_sparse])
def test_samples_other_than_dense_tensors_are_refused(kind, convert):
    encoding, X = kind.from_samples(make_table()), torch.zeros(3, 5)
    with pytest.raises(TypeError, match="X"):
        encoding(convert(X if convert is torch.Tensor.to_sparse else X.numpy()))


# In an MLP


@pytest.mark.parametrize("kind", ENCODINGS)
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("hidden", [(), (7, 6)])
def test_mlp_encodes_before_its_first_layer(kind, dtype, hidden):
    X = torch.from_numpy(make_table()).to(dtype)
    encoding = kind.from_samples(X)
    net = MLP(5, 3, hidden=hidden, encoding=encoding).to(dtype)
    plain = MLP(encoding.n_outputs, 3, hidden=hidden).to(dtype)
    plain.load_state_dict(net.state_dict(), strict=False)
    torch.testing.assert_close(net(X), plain(deepcopy(encoding).to(dtype)(X)))
    assert [name for name, _ in net.layers.named_children()][:2] == [
        "flatten",
        "encoding",
    ]


def test_mlp_keeps_a_copy_of_the_encoding():
    encoding = RobustScaling([0.0], [1.0])
    first, second = (MLP(1, 2, encoding=encoding).double() for _ in range(2))
    assert encoding.scale.dtype is torch.float32
    assert first.layers.encoding is not second.layers.encoding


def test_mlp_flattens_before_it_encodes():
    X = torch.randn(10, 3, 2)
    net = MLP(6, 2, encoding=RobustScaling.from_samples(X.flatten(1)))
    torch.testing.assert_close(net(X), net(X.flatten(1)))


@pytest.mark.parametrize("kind", ENCODINGS)
def test_mlp_with_an_encoding_runs_in_half_precision(kind):
    X = torch.from_numpy(make_table()).float()
    net = MLP(5, 3, encoding=kind.from_samples(X))
    with torch.autocast("cpu", torch.bfloat16):
        logits = net(X)
    assert logits.dtype is torch.bfloat16
    torch.testing.assert_close(logits.float(), net(X), atol=0.1, rtol=0.1)


def test_any_module_with_n_outputs_is_an_encoding():
    encoding = torch.nn.Linear(4, 9)
    encoding.n_outputs = 9
    assert MLP(4, 3, encoding=encoding)(torch.zeros(2, 4)).shape == (2, 3)


@pytest.mark.parametrize(
    ("encoding", "error"),
    [
        (torch.nn.ReLU(), ValueError),
        (RobustScaling([0.0], [1.0]), ValueError),  # of another number of columns
        (RobustScaling, TypeError),
        ("piecewise", TypeError),
    ],
)
def test_mlp_refuses_what_is_no_encoding_of_its_columns(encoding, error):
    with pytest.raises(error, match="encoding"):
        MLP(4, 3, encoding=encoding)


def test_mlp_with_an_encoding_refuses_sparse_samples():
    net = MLP(2, 3, encoding=RobustScaling([0.0, 0.0], [1.0, 1.0]))
    with pytest.raises(ValueError, match="encoding"):
        net(csr_array(np.eye(2, dtype=np.float32)))


@pytest.mark.parametrize("kind", ENCODINGS)
def test_classifier_with_an_encoding_equals_one_of_encoded_samples(kind):
    X = torch.from_numpy(make_table(150)).float()
    y = (X[:, 0] > 0).int().numpy()
    encoding = kind.from_samples(X)
    clf = NoiseRobustClassifier(cv=3, random_state=0)
    clf.set_params(
        estimator__module__hidden=(8,),
        estimator__module__dropout=0.25,
        estimator__module__encoding=None,
        estimator__lr=0.01,
        estimator__max_epochs=60,
    )
    expected = clone(clf).fit(encoding(X), y)
    clf.set_params(estimator__module__encoding=encoding).fit(X, y)
    np.testing.assert_allclose(
        clf.transition_matrix_, expected.transition_matrix_, atol=1e-5
    )
    np.testing.assert_allclose(
        clf.predict_proba(X), expected.predict_proba(encoding(X)), atol=1e-5
    )


class TrainedScaling(torch.nn.Module):
    """An encoding of which nothing is left unless it is trained."""

    n_outputs = 2

    def __init__(self):
        super().__init__()
        self.factor = torch.nn.Parameter(torch.zeros(2))

    def forward(self, X):
        return X * self.factor


def test_encoding_with_parameters_is_trained_in_each_fold():
    X = np.random.default_rng(0).normal(size=(150, 2))
    y = (X[:, 0] > 0).astype(int)
    clf = NoiseRobustClassifier(cv=3, random_state=0)
    clf.set_params(estimator__module__encoding=TrainedScaling()).fit(X, y)
    assert (clf.transition_matrix_.diagonal() > 0.8).all()
