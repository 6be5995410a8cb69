"""Runs in the newer client's environment with the older package in front: its dataset class over an unpacked project.

Arguments: the folder with the package ``datamint`` 2.0.0, and the folder in which the project lies under the name
``project``. Writes to standard output what it read, as JSON.
"""

from __future__ import annotations

import json
import sys
from typing import Any


def main(package: str, root: str) -> None:
    answers, sys.stdout = sys.stdout, sys.stderr
    sys.path.insert(0, package)
    import numpy as np
    from datamint.dataset.dataset import DatamintDataset

    class Unpacked(DatamintDataset):  # type: ignore[misc]
        def _setup_api_handler(self, *_: Any) -> None:
            self.api = None

    dataset, told = Unpacked(project_name="project", root=root, auto_update=False), {}
    for index in range(len(dataset)):
        item = dataset[index]
        planes: dict[str, list[Any]] = {}
        for author, frames in item["segmentations"].items():
            for frame, masks in enumerate(frames):
                for code, mask in zip(dataset_names(item, author, frame), masks, strict=True):
                    rows, columns = np.nonzero(mask.numpy())
                    box = [int(n) for n in (rows.min(), columns.min(), rows.max(), columns.max())]
                    planes.setdefault(code, []).append([frame, int(mask.sum()), box])
        told[item["metainfo"]["id"]] = {"shape": list(item["image"].shape), "masks": planes}
    answers.write(json.dumps({"items": told, "categories": dataset.image_categories_set}))


def dataset_names(item: Any, author: str, frame: int) -> list[str]:
    names: list[str] = item["seg_labels_names"][author][frame]
    return names


if __name__ == "__main__":
    main(*sys.argv[1:])
