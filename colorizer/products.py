"""Matrix products on the processor, by whichever of PyTorch's two libraries is quicker there.

PyTorch multiplies float32 with MKL, which gives processors that aren't Intel's only half of their
width: 54 GMAC/s a core of an AMD Zen 5. oneDNN, which PyTorch uses for convolutions and for
bfloat16, does 115 there, once the matrix on the right is packed for it.
"""

from __future__ import annotations

import functools
import time

import torch
from torch import Tensor


def pack(matrix: Tensor) -> Tensor:
    """Lay out a matrix, (C, O), for `multiply`; as it is where that is the quickest."""
    if matrix.dtype == torch.float32 and matrix.device.type == "cpu" and packing_pays():
        return _pack(matrix)
    return matrix


def multiply(x: Tensor, matrix: Tensor) -> Tensor:
    """Multiply (T, C) by a matrix from `pack`, (C, O), to (T, O)."""
    if not matrix.is_mkldnn:
        return x @ matrix
    # The operator that PyTorch's own compiler uses for linear layers.
    product: Tensor = torch.ops.mkldnn._linear_pointwise(x, matrix, None, "none", [], "")
    return product


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
        product.copy_(multiply(one, matrix))


@functools.cache
def packing_pays() -> bool:
    """Tell whether float32 is multiplied quicker packed, from a few milliseconds of products."""
    if not torch.backends.mkldnn.is_available():  # type: ignore[no-untyped-call]
        return False
    matrix = torch.ones(304, 304)
    return _seconds(_pack(matrix)) < _seconds(matrix)


@functools.cache
def multiply_seconds(dtype: torch.dtype) -> float:
    """Time a product of the size that the generators are made of, the quicker way."""
    return _seconds(pack(torch.ones(304, 304, dtype=dtype)))


def _pack(matrix: Tensor) -> Tensor:
    packed: Tensor = torch.ops.mkldnn._reorder_linear_weight(matrix.t().contiguous())
    return packed


def _seconds(matrix: Tensor) -> float:
    pixels = torch.ones(200, 304, dtype=matrix.dtype)
    durations = []
    for _ in range(40):
        started = time.perf_counter()
        multiply(pixels, matrix)
        durations.append(time.perf_counter() - started)
    return min(durations)
