"""Matrix products on the processor, by whichever of PyTorch's two libraries is quicker there.

PyTorch multiplies float32 with MKL, which gives processors that aren't Intel's only half of their
width: 54 GMAC/s a core of an AMD Zen 5. oneDNN, which PyTorch uses for convolutions and for
bfloat16, does 115 there, once the matrix on the right is packed for it.
"""

from __future__ import annotations

import functools
import time
from collections.abc import Iterator

import torch
from torch import Tensor

from colorizer.generators.kernels import parallel


def pack(matrix: Tensor) -> Tensor:
    """Lay out a matrix, (C, O), for `multiply`; as it is where that is the quickest."""
    if matrix.dtype == torch.float32 and matrix.device.type == "cpu" and packing_pays():
        return _pack(matrix)
    return matrix


def multiply(x: Tensor, matrix: Tensor, out: Tensor) -> Tensor:
    """Multiply (T, C) by a matrix from `pack`, (C, O), into `out`, (T, O), and return that.

    The same memory time and again is still in the cache; new memory is not.
    """
    if not matrix.is_mkldnn:
        return torch.mm(x, matrix, out=out)
    # The operator that PyTorch's own compiler uses for linear layers.
    return out.copy_(torch.ops.mkldnn._linear_pointwise(x, matrix, None, "none", [], ""))


def pack_all(matrices: Tensor) -> Tensor | list[Tensor]:
    """Lay out matrices, (P, C, O), for `multiply_all`."""
    packed = [pack(matrix) for matrix in matrices]
    return packed if packed[0].is_mkldnn else matrices


def multiply_all(x: Tensor, matrices: Tensor | list[Tensor], out: Tensor) -> None:
    """Multiply each of (P, T, C) by its matrix, from `pack_all`, into `out`, (P, T, O)."""
    if isinstance(matrices, Tensor):
        torch.bmm(x, matrices, out=out)
        return
    for one, matrix, product in zip(x, matrices, out, strict=True):
        multiply(one, matrix, product)


@functools.cache
def packing_pays() -> bool:
    """Tell whether float32 is multiplied quicker packed, from a few milliseconds of products."""
    if not torch.backends.mkldnn.is_available():  # type: ignore[no-untyped-call]
        return False
    matrices = _sample(torch.float32)
    return _seconds([_pack(matrix) for matrix in matrices]) < _seconds(matrices)


@functools.cache
def multiply_seconds(dtype: torch.dtype) -> float:
    """Time a few products of the kind that the generators are made of, the quicker way."""
    return _seconds(pack_all(_sample(dtype)))


def _sample(dtype: torch.dtype) -> Tensor:
    return torch.ones(10, 304, 304, dtype=dtype)


def _pack(matrix: Tensor) -> Tensor:
    packed: Tensor = torch.ops.mkldnn._reorder_linear_weight(matrix.t().contiguous())
    return packed


def _seconds(matrices: Tensor | list[Tensor]) -> float:
    """Time products on each core, as the generators do them."""
    pixels = torch.ones(len(matrices), 70, 304, dtype=matrices[0].dtype)
    durations = []

    def work(runs: Iterator[int]) -> None:
        products = torch.empty_like(pixels)
        for _ in runs:
            started = time.perf_counter()
            multiply_all(pixels, matrices, products)
            durations.append(time.perf_counter() - started)

    parallel.run(work, range(20), torch.device("cpu"))
    return min(durations)
