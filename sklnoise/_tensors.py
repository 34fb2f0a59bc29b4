"""Tensors of torch, and arrays of other libraries, as numpy arrays."""

import numpy as np
import torch
from scipy.sparse import coo_array

NUMPY_FLOATS = torch.float16, torch.float32, torch.float64


def as_numpy(value):
    """Return a tensor, or a list of tensors, as a numpy array; leave all else as it is.

    A tensor keeps its values and loses its graph and its device. Sparse ones become CSR
    matrices; floats that numpy has not, such as bfloat16, become float32. A frame of
    sparse columns becomes dense unless all that is left out is 0, as scikit-learn asks.
    """
    if hasattr(value, "sparse") and hasattr(value, "dtypes"):
        return to_dense_frame(value)
    if isinstance(value, torch.Tensor):
        return tensor_to_numpy(value)
    if isinstance(value, list | tuple) and any(map(torch.is_tensor, value)):
        return np.asarray([as_numpy(part) for part in value])
    if hasattr(value, "__array_namespace__") and not isinstance(value, np.ndarray):
        return value.get() if hasattr(value, "get") else np.asarray(value)
    return value


def to_dense_frame(frame):
    """Return a frame whose sparse columns leave out nothing but 0."""
    fills = [getattr(dtype, "fill_value", 0) for dtype in frame.dtypes]
    return frame if all(fill == 0 for fill in fills) else frame.sparse.to_dense()


def tensor_to_numpy(tensor):
    """Return a tensor as a numpy array or as a CSR matrix."""
    if tensor.device.type == "meta":
        raise ValueError(
            f"a tensor on the device meta, of shape {tuple(tensor.shape)}, holds no "
            "values. Pass the data themselves, for instance as a tensor on the CPU."
        )
    tensor = tensor.detach().cpu()
    if tensor.is_floating_point() and tensor.dtype not in NUMPY_FLOATS:
        tensor = tensor.float()
    if tensor.layout is torch.strided:
        return tensor.numpy(force=True)
    if tensor.ndim != 2:
        return tensor.to_dense().numpy()
    tensor = tensor.to_sparse_coo().coalesce()
    values, indices = tensor.values().numpy(), tensor.indices().numpy()
    return coo_array((values, tuple(indices)), shape=tuple(tensor.shape)).tocsr()
