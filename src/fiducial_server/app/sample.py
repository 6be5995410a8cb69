"""The sample project of `fiducial demo`: real images with labels, loaded through the same door as anybody's."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from fiducial import Api

NAME = "Fiducial sample"
DESCRIPTION = "Head MR with tissue masks, CT and MR slices, an ultrasound cine (also as a video), a fundus photograph"
DATA = Path(__file__).parent / "demo_data"
WHITE, GREY = 2, 1


def load_sample(api: Api) -> str:
    """Make the project, or finish making it; its id. Calling again adds nothing that is there."""
    found = api.projects.get_by_name(NAME)
    project: Any = found or api.projects.create(NAME, DESCRIPTION)
    for load in (_head, _ct, _mr, _cine, _fundus):
        load(api, project.id)
    return str(project.id)


def _upload(api: Api, project_id: str, path: Path, label: str, *tags: str, **facts: Any) -> tuple[str, bool]:
    """The item's id, and whether it still has no label of that name, which the sample begins with.

    The file may be there already, with labels of others.
    """
    facts = {"channel": "sample", "tags": ["sample", *tags], "publish_to": project_id, **facts}
    item = api.resources.upload_resource(str(path), **facts)
    return item, all(one.identifier != label for one in api.annotations.get_list(resource=item))


def _head(api: Api, project_id: str) -> None:
    """The MNI152 template; its tissue probabilities, cut at one half, as a label map."""
    import nibabel as nib
    import numpy as np

    head, bare = _upload(api, project_id, DATA / "mni152_t1.nii.gz", "grey matter", "head", modality="MR")
    if not bare:
        return
    white: Any = nib.load(DATA / "mni152_wm.nii.gz")
    grey: Any = nib.load(DATA / "mni152_gm.nii.gz")
    tissue = np.zeros(white.shape, np.uint8)
    tissue[np.asarray(grey.dataobj) > 127] = GREY
    tissue[np.asarray(white.dataobj) > 127] = WHITE
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "tissue.nii.gz"
        nib.save(nib.Nifti1Image(tissue, white.affine), path)
        api.annotations.upload_volume_segmentation(head, path, {GREY: "grey matter", WHITE: "white matter"})
    api.annotations.create_image_classification(head, "sequence", "T1-weighted")


def _ct(api: Api, project_id: str) -> None:
    ct, bare = _upload(api, project_id, DATA / "ct_small.dcm", "plane", "ct")
    if bare:
        api.annotations.create_image_classification(ct, "plane", "axial")
        api.annotations.add_label_annotation(ct, "contains table")


def _mr(api: Api, project_id: str) -> None:
    """Two files of one series: sent as they are, one item, ordered by position."""
    series = api.resources.upload_series(
        DATA / "mr_series", channel="sample", tags=["sample", "mr"], publish_to=project_id
    )
    api.resources.wait_until_ready(series)  # labels go onto slices in their final order
    if not api.annotations.get_list(resource=series, limit=1):
        api.annotations.create_image_classification(series, "plane", "axial")
        api.annotations.create_image_classification(series, "sequence", "diffusion-weighted")


def _cine(api: Api, project_id: str) -> None:
    """The cine as DICOM, and the same frames as a video, as many archives hold both."""
    cine, bare = _upload(api, project_id, DATA / "echo_cine.dcm", "view", "ultrasound")
    if bare:
        api.annotations.add_category_annotation(cine, "view", "parasternal long axis", frame_range=(0, 30))
        api.annotations.create_numeric_annotation(cine, "frames shown", 30)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "echo_cine.mp4"
        _write_video(DATA / "echo_cine.dcm", path)
        video, bare = _upload(api, project_id, path, "note", "ultrasound", modality="US")
    if bare:
        api.annotations.add_text_annotation(video, "note", "the same cine as a video", frame_index=0)


def _write_video(source: Path, target: Path) -> None:
    """MPEG-4, 30 frames a second; the same file every time, so that loading again finds it there."""
    import av

    from fiducial.media.base import Stage
    from fiducial.media.registry import open_media

    with source.open("rb") as file, open_media(file) as reader, av.open(str(target), "w") as container:
        stream = container.add_stream("mpeg4", rate=30)
        stream.width, stream.height, stream.pix_fmt = reader.header.width, reader.header.height, "yuv420p"
        stream.bit_rate, stream.codec_context.flags = 1_000_000, stream.codec_context.flags | (1 << 23)  # bit-exact
        for index in range(reader.header.frame_count):
            picture = av.VideoFrame.from_ndarray(reader.frame(index, Stage.DISPLAY), format="rgb24")
            container.mux(stream.encode(picture))
        container.mux(stream.encode())


def _fundus(api: Api, project_id: str) -> None:
    """The brightest disc of the photograph, outlined by a threshold, as mask, box and point."""
    import numpy as np
    from PIL import Image, ImageFilter

    eye, bare = _upload(api, project_id, DATA / "fundus.jpg", "optic disc", "fundus", modality="OP")
    if not bare:
        return
    with Image.open(DATA / "fundus.jpg") as picture:
        smooth = np.asarray(picture.convert("L").filter(ImageFilter.GaussianBlur(25)))
    disc = smooth > smooth.max() - 25
    rows, columns = np.nonzero(disc)
    corners = (int(columns.min()), int(rows.min())), (int(columns.max()), int(rows.max()))
    api.annotations.upload_segmentations(eye, disc.astype(np.uint8), "optic disc", frame_index=0)
    api.annotations.add_box_annotation(*corners, eye, "optic disc region", frame_index=0)
    api.annotations.add_point_annotation(
        (int(columns.mean()), int(rows.mean())), eye, "optic disc centre", frame_index=0
    )
    api.annotations.create_image_classification(eye, "image quality", "gradable")
