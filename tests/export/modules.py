"""Modules of users, which can be imported where a file is loaded."""

import torch
from torch import nn
from torch.nn import functional


class Block(nn.Module):
    """A layer that calls a function of torch."""

    def __init__(self, width):
        super().__init__()
        self.linear = nn.Linear(width, width)
        self.activation = functional.gelu

    def forward(self, X):
        return X + self.activation(self.linear(X))


class Deep(nn.Module):
    """A module of blocks, with a weight that two layers share and a plain tensor."""

    def __init__(self, n_features, n_classes, width=16):
        super().__init__()
        self.first = nn.Linear(n_features, width)
        self.block = Block(width)
        self.again = Block(width)
        self.again.linear.weight = self.block.linear.weight
        self.scale = torch.tensor(0.5)
        self.logits = nn.Linear(width, n_classes)

    def forward(self, X):
        return self.logits(self.again(self.block(self.first(X * self.scale))))


class TwoInputs(nn.Module):
    """A module of a table and ids."""

    def __init__(self, n_classes):
        super().__init__()
        self.table = nn.Linear(2, n_classes)
        self.ids = nn.Embedding(5, n_classes)

    def forward(self, table, ids):
        return self.table(table) + self.ids(ids).mean(dim=1)


class ByValue(nn.Module):
    """A module whose steps depend on the values of X."""

    def __init__(self, n_features, n_classes):
        super().__init__()
        self.logits = nn.Linear(n_features, n_classes)

    def forward(self, X):
        return self.logits(X) * (2 if X.sum() > 0 else 1)
