"""Nets for texts, which are sequences of token ids."""

import torch
from torch import nn

# Token id that fills up short texts.
PADDING = 0

# Whether a module is traced for export, which follows no step that depends on values.
# Versions of torch before 2.7 tell no export from a compilation.
is_traced = getattr(torch.compiler, "is_exporting", torch.compiler.is_compiling)

# Tokens that the LSTM reads at once, before it drops the texts that have ended.
SEGMENT_LENGTH = 32


class TextModule(nn.Module):
    """Base of the nets for texts: subclasses give the logits of valid token ids."""

    def __init__(self, embedding):
        super().__init__()
        self.embedding = embedding
        # As in Keras. The larger values of torch take an optimizer with steps of a fixed
        # scale, such as AdaGrad, long to change.
        nn.init.uniform_(embedding.weight, -0.05, 0.05)
        with torch.no_grad():
            embedding.weight[PADDING] = 0

    def forward(self, X):
        """Compute the logits.

        Parameters
        ----------
        X : torch.Tensor of shape (n_samples, n_tokens_in_text)
            Token ids, integers; 0 is padding. A text without tokens is read as a single
            embedding of zeros.

        Returns
        -------
        logits : torch.Tensor of shape (n_samples, n_classes)
            Scores before the softmax.

        Raises
        ------
        ValueError
            If X does not hold token ids below the `n_tokens` of the net.
        """
        return self._logits(as_token_ids(X, self.embedding.num_embeddings))

    def _logits(self, ids):
        """Compute the logits of ids of type int64."""
        raise NotImplementedError


class TextEmbeddingNet(TextModule):
    """Linear model of the mean of token embeddings, which gives logits.

    A text is a sequence of token ids, padded with 0, which is left out of the mean. The
    order of the tokens does not matter. Embeddings are initialised uniformly between
    -0.05 and 0.05, as in Keras: optimizers with steps of a fixed scale, such as AdaGrad,
    would take long to change the much larger ones of torch.

    Parameters
    ----------
    n_classes : int
        Number of logits.

    n_tokens : int, default=5000
        Number of ids, including 0; the largest is `n_tokens - 1`.

    embedding_dim : int, default=50
        Length of an embedding.

    dropout : float, default=0.8
        Probability that a value of the mean is dropped while training, in [0, 1).

    Examples
    --------
    >>> import torch
    >>> from sklnoise.nn import TextEmbeddingNet
    >>> ids = torch.tensor([[7, 2, 7], [3, 0, 0]])
    >>> TextEmbeddingNet(2, n_tokens=10)(ids).shape
    torch.Size([2, 2])
    """

    def __init__(self, n_classes, *, n_tokens=5000, embedding_dim=50, dropout=0.8):
        super().__init__(
            nn.EmbeddingBag(n_tokens, embedding_dim, mode="mean", padding_idx=PADDING)
        )
        self.dropout = nn.Dropout(dropout)
        self.logits = nn.Linear(embedding_dim, n_classes)

    def _logits(self, ids):
        return self.logits(self.dropout(self.embedding(ids)))


class TextLSTM(TextModule):
    """Long short-term memory over token embeddings, which gives logits.

    A text is a sequence of token ids, padded with 0. Zeros are skipped wherever they
    are, before, within or after the text, and cost next to nothing. A dense layer with
    ReLU follows the state after the last token.

    Parameters
    ----------
    n_classes : int
        Number of logits.

    n_tokens : int, default=5000
        Number of ids, including 0; the largest is `n_tokens - 1`.

    embedding_dim : int, default=256
        Length of an embedding; initialised as in :class:`TextEmbeddingNet`.

    hidden : int, default=512
        Length of the state.

    dense : int, default=512
        Width of the dense layer.

    dropout : float, default=0.5
        Probability that a unit of the dense layer is dropped while training, in [0, 1).

    Examples
    --------
    >>> import torch
    >>> from sklnoise.nn import TextLSTM
    >>> ids = torch.tensor([[7, 2, 7], [3, 0, 0], [0, 0, 3]])
    >>> logits = TextLSTM(2, n_tokens=10).eval()(ids)
    >>> logits.shape, bool(logits[1].allclose(logits[2]))
    (torch.Size([3, 2]), True)
    """

    def __init__(
        self,
        n_classes,
        *,
        n_tokens=5000,
        embedding_dim=256,
        hidden=512,
        dense=512,
        dropout=0.5,
    ):
        super().__init__(nn.Embedding(n_tokens, embedding_dim, padding_idx=PADDING))
        self.lstm = nn.LSTM(embedding_dim, hidden, batch_first=True)
        self.dense = nn.Linear(hidden, dense)
        self.relu = nn.ReLU()
        self.dropout = nn.Dropout(dropout)
        self.logits = nn.Linear(dense, n_classes)

    def _logits(self, ids):
        return self.logits(self.dropout(self.relu(self.dense(self._last_states(ids)))))

    def _last_states(self, ids):
        # Tokens first, padding last. A packed sequence would do, but on the CPU its
        # gradient takes far longer.
        if is_traced():
            return self._last_of_all(ids)
        if not len(ids):
            return self.embedding.weight.new_empty(0, self.lstm.hidden_size)
        padding = (ids == PADDING).to(torch.uint8)
        ids = ids.gather(1, padding.argsort(dim=1, stable=True))
        # Sorted by length, the texts still to be read are always the first ones.
        lengths, order = (ids != PADDING).sum(dim=1).clamp(min=1).sort(descending=True)
        ids = ids[order]
        starts = range(0, ids.shape[1] + SEGMENT_LENGTH, SEGMENT_LENGTH)
        still_read = lengths[:, None] > torch.tensor(starts, device=ids.device)
        n_texts = still_read.sum(dim=0).tolist()
        states, memory = [], None
        for start, n_read, n_left in zip(starts, n_texts, n_texts[1:]):
            if n_read == 0:
                break
            part = self.embedding(ids[:n_read, start : start + SEGMENT_LENGTH])
            output, memory = self.lstm(part, memory)
            ended = torch.arange(n_left, n_read, device=ids.device)
            states.append(output[ended, lengths[ended] - start - 1])
            memory = tuple(half[:, :n_left].contiguous() for half in memory)
        return torch.cat(states[::-1])[order.argsort()]

    def _last_of_all(self, ids):
        """Compute the same for export, without an end of the texts that have ended."""
        n_tokens = ids.shape[1]
        place = torch.arange(n_tokens, device=ids.device)
        order = ((ids == PADDING) * n_tokens + place).argsort(dim=1)
        output, _ = self.lstm(self.embedding(ids.gather(1, order)))
        last = (ids != PADDING).sum(dim=1).clamp(min=1) - 1
        last = last[:, None, None].expand(-1, 1, output.shape[2])
        return output.gather(1, last)[:, 0]


def as_token_ids(X, n_tokens):
    """Validate a batch of token ids, and cast it to int64."""
    if X.ndim != 2 or not X.shape[1] or X.is_floating_point() or X.dtype == torch.bool:
        raise ValueError(
            "X must hold token ids, integers of shape (n_samples, length) with 0 for "
            f"padding; got {X.dtype} of shape {tuple(X.shape)}. Number the words of a "
            "vocabulary from 1 on; X.astype(int) if these are ids."
        )
    ids = X.long()
    if not is_traced() and ids.numel():
        smallest, largest = torch.stack(ids.aminmax()).tolist()
        if smallest < 0:
            raise ValueError(
                f"token ids must not be negative; got {smallest}. Use {PADDING} for "
                "padding, and number the words of a vocabulary from 1 on."
            )
        if largest >= n_tokens:
            raise ValueError(
                f"token ids must be below n_tokens={n_tokens}; got {largest}. Pass "
                f"n_tokens={largest + 1} or more (module__n_tokens in skorch), or give "
                "rare words one id."
            )
    return ids
