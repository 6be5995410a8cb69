"""Samples of the published client's dataset classes, kept for a comparison outside."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from scenarios.support import without_torchvision


def keep(c: Any) -> Any:
    """Image and masks of samples of the project in ``c.told``, a file for each, with the names of the masks in order."""
    import numpy as np

    without_torchvision()
    from datamint import dataset as published

    wanted = c.told
    data = getattr(published, wanted["kind"])(
        project=wanted["project"], server_url=c.url, api_key=c.key, return_segmentations=True, **wanted["options"]
    )
    classes, kept = list(data.segmentation_labels_set), []
    for index in wanted["indices"]:
        sample = data[index]
        path = Path(c.tmp) / f"{wanted['kind']}-{index}.npz"
        np.savez(path, image=np.asarray(sample["image"]), masks=np.asarray(sample["masks"][c.email]))
        names = [classes[number - 1] for number in sample["mask_labels"][c.email]]
        kept.append({"file": str(path), "names": names, "resource": data.get_resource(index).id})
    return {"length": len(data), "samples": kept}
