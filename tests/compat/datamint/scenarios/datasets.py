from __future__ import annotations

from pathlib import Path
from typing import Any

from scenarios.support import api, demo


def scenario_published_datasets_read_a_project(c: Any) -> None:
    """The published client's own dataset classes over a project with masks and classifications."""
    import numpy as np
    from datamint.dataset import ImageDataset
    from PIL import Image

    client = api(c)
    project = client.projects.create(c.tag, "")
    resource_id = client.resources.upload_resource(demo(c, "fundus.jpg"), publish_to=project)
    mask = np.zeros((1411, 1411), np.uint8)
    mask[100:200, 300:500] = 255
    path = Path(c.tmp) / "mask.png"
    Image.fromarray(mask).save(path)
    client.annotations.upload_segmentations(resource_id, str(path), name="disc")
    client.annotations.create_image_classification(resource_id, "quality", "good")
    dataset = ImageDataset(project=project, server_url=c.url, api_key=c.key)
    assert len(dataset) == 1
    sample = dataset[0]
    assert np.asarray(sample["image"]).shape[-2:] == (1411, 1411)
