"""The same datasets as tensors. Imported only when asked for: torch is optional."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Self

import numpy as np

from fiducial.dataset.base import FiducialDataset
from fiducial.errors import Unsupported

try:
    import torch
    from torch.utils.data import Dataset
except ImportError as missing:  # pragma: no cover - depends on the installation
    raise Unsupported(
        "tensors need torch: pip install 'fiducial[torch]'; without it the dataset is a numpy sequence"
    ) from missing


class TorchDataset(Dataset):  # type: ignore[misc]
    """A :class:`FiducialDataset` whose arrays come as tensors; works in a DataLoader with any number of workers.

    Images of different sizes do not stack: use ``batch_size=1``, a transform, or ``collate_fn=TorchDataset.collate``,
    which
    keeps lists where sizes differ.
    """

    def __init__(self, dataset: FiducialDataset) -> None:
        self.dataset = dataset
        self.class_names = dataset.class_names
        self.label_names = dataset.label_names
        self.skipped = dataset.skipped

    def __len__(self) -> int:
        return len(self.dataset)

    def __getitem__(self, index: int) -> dict[str, Any]:
        sample = self.dataset[index]
        return {k: torch.from_numpy(v) if isinstance(v, np.ndarray) else v for k, v in sample.items()}

    def split(
        self, by: Any = "patient", seed: int = 0, fractions: Mapping[str, float] | None = None
    ) -> dict[str, Self]:
        """See :meth:`FiducialDataset.split`."""
        return {name: type(self)(part) for name, part in self.dataset.split(by, seed, fractions).items()}

    @staticmethod
    def collate(samples: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
        """Tensors of equal shape are stacked; everything else is a list with one entry per sample."""
        return {key: _together([sample[key] for sample in samples]) for key in samples[0]}


def _together(values: list[Any]) -> Any:
    if isinstance(values[0], torch.Tensor) and all(v.shape == values[0].shape for v in values):
        return torch.stack(values)
    return values
