"""The same samples behind each kind of source, and the bare loops over them."""

import numpy as np
import torch
from torch.utils.data import DataLoader, Dataset

from benchmarks._rounds import BATCH, HIDDEN, add_noise
from sklnoise.nn import MLP

N_CLASSES, GROUP = 10, 2000


def write_samples(path, n_samples, n_features, kind):
    """Write the samples to a .npy or a Parquet file, a block at a time."""
    rng = np.random.default_rng(0)
    y = rng.permutation(np.arange(n_samples) % N_CLASSES)
    centers = rng.standard_normal((N_CLASSES, n_features)) * 3 / np.sqrt(n_features)
    write = {"npy": write_npy, "parquet": write_parquet, "lists": write_lists}[kind]

    def blocks():
        for start in range(0, n_samples, GROUP):
            labels = y[start : start + GROUP]
            noise = rng.standard_normal((len(labels), n_features))
            yield (centers[labels] + noise).astype("f4")

    write(path, blocks(), n_samples, n_features)
    return add_noise(y, N_CLASSES)[0]


def write_npy(path, blocks, n_samples, n_features):
    """Write one array."""
    X = np.lib.format.open_memmap(path, "w+", "f4", (n_samples, n_features))
    for number, block in enumerate(blocks):
        X[number * GROUP :][: len(block)] = block
    X.flush()


def write_parquet(path, blocks, n_samples, n_features):
    """Write a table of one column per feature."""
    import pyarrow as pa
    from pyarrow import parquet

    names = [f"x{k}" for k in range(n_features)]
    schema = pa.schema([(name, pa.float32()) for name in names])
    with parquet.ParquetWriter(path, schema) as writer:
        for block in blocks:
            writer.write_table(pa.table(list(block.T), schema=schema))


def write_lists(path, blocks, n_samples, n_features):
    """Write a table whose one column, X, holds whole samples."""
    import pyarrow as pa
    from pyarrow import parquet

    schema = pa.schema([("X", pa.list_(pa.float32(), n_features))])
    with parquet.ParquetWriter(path, schema) as writer:
        for block in blocks:
            values = pa.FixedSizeListArray.from_arrays(block.ravel(), n_features)
            writer.write_table(pa.table([values], schema=schema))


class Rows(Dataset):
    """Samples that are read one by one."""

    def __init__(self, path):
        self.X = np.load(path, mmap_mode="r")

    def __len__(self):
        return len(self.X)

    def __getitem__(self, row):
        return self.X[row]


class Batches(Rows):
    """Samples that are read a batch at a time, as a list of them."""

    def __getitems__(self, rows):
        return list(torch.from_numpy(self.X.take(rows, axis=0)))


class Named(Rows):
    """Samples of two parts by name."""

    def __getitem__(self, row):
        middle = self.X.shape[1] // 2
        return {"left": self.X[row, :middle], "right": self.X[row, middle:]}


class Parquet(Dataset):
    """Samples of a Parquet file, of which one row group is kept at a time."""

    def __init__(self, path):
        from pyarrow import parquet

        self.path = path
        self.file = parquet.ParquetFile(path)
        groups = range(self.file.num_row_groups)
        self.block_sizes = [self.file.metadata.row_group(g).num_rows for g in groups]
        self.ends = np.cumsum(self.block_sizes)
        self.kept = None, None

    def __len__(self):
        return int(self.ends[-1])

    def read(self, group):
        """Return the samples of a row group."""
        if self.kept[0] != group:
            columns = self.file.read_row_group(group).columns
            self.kept = group, np.column_stack([column.to_numpy() for column in columns])
        return self.kept[1]

    def __getitems__(self, rows):
        groups = np.searchsorted(self.ends, rows, side="right")
        starts = self.ends - self.block_sizes
        return [self.read(g)[row - starts[g]] for g, row in zip(groups, rows)]


def hugging_face(path):
    """Return the samples as a Hugging Face Dataset that gives tensors."""
    from datasets import Dataset as Columns
    from datasets import disable_progress_bars

    disable_progress_bars()
    folder = str(path.parent / "cache")
    return Columns.from_parquet(str(path), cache_dir=folder).with_format("torch")


class TwoParts(MLP):
    """An `MLP` of samples of two parts."""

    def forward(self, left, right):
        return super().forward(torch.cat([left, right], dim=1))


SOURCES = {  # kind of file, how it is opened, module
    "memmap": ("npy", lambda path: np.load(path, mmap_mode="r"), MLP),
    "Dataset, rows": ("npy", Rows, MLP),
    "Dataset, batches": ("npy", Batches, MLP),
    "Dataset, dicts": ("npy", Named, TwoParts),
    "Dataset, Parquet row groups": ("parquet", Parquet, MLP),
    "Hugging Face": ("lists", hugging_face, MLP),
}


def bare_batches(source, rows, rng=None):
    """Yield batches, with their rows, as a loop of a user of torch would."""
    if rng is not None and hasattr(source, "block_sizes"):
        rows = shuffle_by_block(source, rows, rng)
    elif rng is not None:
        rows = rng.permutation(rows)
    batches = np.array_split(rows, -(-len(rows) // BATCH))
    if isinstance(source, np.ndarray):
        samples = (torch.from_numpy(source[batch]) for batch in batches)
    elif not isinstance(source, Dataset):  # the fastest way that Hugging Face has
        samples = (source[batch] for batch in batches)
    else:
        samples = DataLoader(source, batch_sampler=[batch.tolist() for batch in batches])
    yield from zip(batches, samples, strict=True)


def shuffle_by_block(source, rows, rng):
    """Shuffle the blocks, and the rows of each."""
    blocks = np.split(rows, np.searchsorted(rows, np.cumsum(source.block_sizes)[:-1]))
    order = rng.permutation(len(blocks))
    return np.concatenate([rng.permutation(blocks[k]) for k in order])


def bare_training(source, y, rows, module, n_features, epochs):
    """Train a net by cross-entropy."""
    net = module(n_features, N_CLASSES, hidden=HIDDEN)
    optimizer = torch.optim.Adam(net.parameters(), lr=1e-3, fused=True)
    rng, codes = np.random.default_rng(0), torch.from_numpy(y)
    for _ in range(epochs):
        for batch, X in bare_batches(source, rows, rng):
            optimizer.zero_grad()
            output = net(**X) if isinstance(X, dict) else net(X)
            torch.nn.functional.cross_entropy(output, codes[batch]).backward()
            optimizer.step()
    return net


@torch.inference_mode()
def bare_prediction(net, source, rows):
    """Predict probabilities."""
    net.eval()
    parts = []
    for _, X in bare_batches(source, rows):
        output = net(**X) if isinstance(X, dict) else net(X)
        parts.append(output.softmax(dim=1))
    return torch.cat(parts).numpy()
