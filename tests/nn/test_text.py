"""The nets for texts: TextEmbeddingNet and TextLSTM."""

import pytest
import torch
from torch.nn.functional import pad

from sklnoise.nn import TextEmbeddingNet, TextLSTM

N_TOKENS = 20
# The LSTM reads so many tokens at once; texts end before, at and after such a border.
SEGMENT = 32


def small_embedding_net(n_classes=3, **params):
    return TextEmbeddingNet(n_classes, n_tokens=N_TOKENS, embedding_dim=4, **params)


def small_lstm(n_classes=3, **params):
    size = {"n_tokens": N_TOKENS, "embedding_dim": 4, "hidden": 5, "dense": 6}
    return TextLSTM(n_classes, **size, **params)


NETS = {"TextEmbeddingNet": small_embedding_net, "TextLSTM": small_lstm}
TEXT_NETS = pytest.mark.parametrize("make_net", NETS.values(), ids=NETS)
LENGTHS = [1, SEGMENT - 1, SEGMENT, SEGMENT + 1, 2 * SEGMENT, 3 * SEGMENT - 2, 2, 1]


@pytest.fixture
def ids():
    """Texts of lengths around the segments of the LSTM, padded after the text."""
    ids = torch.randint(1, N_TOKENS, (len(LENGTHS), 3 * SEGMENT))
    positions = torch.arange(ids.shape[1])
    return ids * (positions < torch.tensor(LENGTHS)[:, None])


@TEXT_NETS
def test_empty_batch_has_no_logits(make_net):
    assert make_net()(torch.empty(0, 4, dtype=torch.int64)).shape == (0, 3)


def texts_of(ids):
    return [row[row != 0] for row in ids]


@TEXT_NETS
@pytest.mark.parametrize("n_classes", [1, 10])
def test_net_gives_one_logit_per_class(make_net, n_classes, ids):
    assert make_net(n_classes)(ids).shape == (len(ids), n_classes)


@TEXT_NETS
def test_more_padding_does_not_change_the_logits(make_net, ids):
    net = make_net().eval()
    torch.testing.assert_close(net(pad(ids, (0, 40))), net(ids))


@TEXT_NETS
def test_padding_before_or_after_the_text_gives_the_same(make_net, ids):
    net = make_net().eval()
    before = torch.stack([pad(t, (ids.shape[1] - len(t), 0)) for t in texts_of(ids)])
    torch.testing.assert_close(net(before), net(ids))


@TEXT_NETS
def test_texts_do_not_depend_on_each_other(make_net, ids):
    net = make_net().eval()
    one_by_one = torch.cat([net(text[None]) for text in texts_of(ids)])
    torch.testing.assert_close(net(ids), one_by_one)


@TEXT_NETS
def test_a_text_without_tokens_gives_finite_logits(make_net, ids):
    ids[[1, -1]] = 0
    assert make_net()(ids).isfinite().all()


@TEXT_NETS
def test_texts_without_tokens_only_give_equal_logits(make_net):
    logits = make_net().eval()(torch.zeros(5, 7, dtype=torch.int64))
    torch.testing.assert_close(logits, logits[:1].expand(5, 3))


@TEXT_NETS
def test_gradient_reaches_all_weights(make_net, ids):
    net = make_net(dropout=0.0)
    net(ids).square().sum().backward()
    assert all(weights.grad.abs().sum() > 0 for weights in net.parameters())


@TEXT_NETS
def test_padding_stays_zero_when_the_net_is_trained(make_net, ids):
    net = make_net()
    optimizer = torch.optim.AdamW(net.parameters(), lr=0.1)
    for _ in range(3):
        net(ids).square().sum().backward()
        optimizer.step()
    assert not net.embedding.weight[0].any()


@TEXT_NETS
def test_weights_fit_a_net_of_another_dropout(make_net, ids):
    net, other = make_net(dropout=0.5), make_net(dropout=0.0)
    other.load_state_dict(net.state_dict())
    torch.testing.assert_close(net.eval()(ids), other.eval()(ids))


@TEXT_NETS
def test_net_of_doubles_gives_doubles(make_net, ids):
    assert make_net().double()(ids).dtype == torch.float64


@TEXT_NETS
@pytest.mark.parametrize("dtype", [torch.uint8, torch.int32])
def test_ids_of_any_integer_type_give_the_same(make_net, dtype, ids):
    net = make_net().eval()
    torch.testing.assert_close(net(ids.to(dtype)), net(ids))


@TEXT_NETS
def test_embeddings_start_small(make_net):
    bound = make_net().embedding.weight.abs().max()
    assert 0.03 < bound <= 0.05


@TEXT_NETS
def test_id_above_the_last_is_refused_with_the_n_tokens_it_needs(make_net, ids):
    ids[2, 3] = N_TOKENS
    with pytest.raises(ValueError, match=f"n_tokens={N_TOKENS + 1} or more"):
        make_net()(ids)


@TEXT_NETS
def test_negative_id_is_refused(make_net, ids):
    ids[2, 3] = -1
    with pytest.raises(ValueError, match="must not be negative; got -1"):
        make_net()(ids)


@TEXT_NETS
@pytest.mark.parametrize("X", [torch.ones(5, 7), torch.ones(5, dtype=torch.int64)])
def test_other_than_a_matrix_of_ids_is_refused(make_net, X):
    with pytest.raises(ValueError, match="must hold token ids, integers of shape"):
        make_net()(X)


def test_embedding_net_is_linear_in_the_mean_of_the_embeddings(ids):
    net = small_embedding_net().eval()
    means = [net.embedding.weight[text].mean(dim=0) for text in texts_of(ids)]
    torch.testing.assert_close(net(ids), net.logits(torch.stack(means)))


def test_embedding_net_ignores_the_order_of_tokens(ids):
    net = small_embedding_net().eval()
    torch.testing.assert_close(net(ids), net(ids.flip(dims=(1,))))


def test_a_text_without_tokens_has_the_mean_zero():
    net = small_embedding_net()
    nothing = torch.zeros(1, 7, dtype=torch.int64)
    torch.testing.assert_close(net(nothing)[0], net.logits.bias)


def test_the_lstm_gives_what_it_gives_text_by_text(ids):
    net = small_lstm().eval()
    last = [net.lstm(net.embedding(text[None]))[0][:, -1] for text in texts_of(ids)]
    expected = net.logits(net.dense(torch.cat(last)).relu())
    torch.testing.assert_close(net(ids), expected)


def test_the_gradient_of_the_lstm_is_that_text_by_text(ids):
    net = small_lstm(dropout=0.0).double()
    net(ids).square().sum().backward()
    together = [weights.grad.clone() for weights in net.parameters()]
    net.zero_grad()
    for text in texts_of(ids):
        net(text[None]).square().sum().backward()
    torch.testing.assert_close(together, [w.grad for w in net.parameters()])


def test_lstm_depends_on_the_order_of_tokens():
    net, ids = small_lstm().eval(), torch.tensor([[1, 2, 3], [3, 2, 1]])
    assert not torch.equal(*net(ids))


def test_lstm_skips_padding_within_a_text():
    net = small_lstm().eval()
    logits = net(torch.tensor([[1, 2, 3, 0, 0], [0, 1, 0, 2, 3]]))
    torch.testing.assert_close(logits[0], logits[1])
