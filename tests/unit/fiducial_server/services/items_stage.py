"""The services around items, put together for tests; files to send; and the look for what a refusal left behind."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import sqlalchemy as sa

from fiducial_server.db import tables
from fiducial_server.db.engine import Database
from fiducial_server.db.schema import metadata
from fiducial_server.jobs.inline import InlineRunner
from fiducial_server.model.actor import Actor
from fiducial_server.model.item import Item
from fiducial_server.services.bookmarks import Bookmarks
from fiducial_server.services.ingest import INGEST, Ingest
from fiducial_server.services.items import Items
from fiducial_server.services.jobs import JobService
from fiducial_server.services.uploads import UploadFacts, UploadRules, Uploads
from fiducial_server.storage.base import BlobStore


@dataclass
class Stage:
    """``runner`` runs follow-up work when :meth:`work` is called, not before."""

    database: Database
    store: BlobStore
    actor: Actor
    stranger: Actor
    spools: Path
    rules: UploadRules = field(default_factory=UploadRules)

    def __post_init__(self) -> None:
        self.ingest = Ingest(self.database, self.store)
        self.jobs = JobService(self.database, {INGEST: self.ingest.handle})
        self.runner = InlineRunner(self.jobs, at_once=False)
        self.uploads = Uploads(self.database, self.store, self.runner, self.rules)
        self.items = Items(self.database, self.store, Bookmarks())

    def work(self) -> None:
        self.runner.drain()

    def send(self, body: bytes, name: str = "a.dcm", actor: Actor | None = None, **facts: Any) -> Item:
        spool = self.uploads.begin()
        spool.write(body)
        return self.uploads.receive(actor or self.actor, spool, UploadFacts(name, **facts), origin="test")

    def add(self, group_id: str, body: bytes, name: str = "a.dcm") -> Any:
        spool = self.uploads.begin()
        spool.write(body)
        return self.uploads.add_file(self.actor, group_id, spool, name, origin="test")

    def left_behind(self) -> dict[str, int]:
        """Rows of every table that an upload writes, stored objects, and spool files."""
        names = ("item", "file", "item_file", "item_tag", "finding", "channel", "event", "job", "job_unit", "derived")
        with self.database.system() as connection:
            rows = {
                name: connection.execute(sa.select(sa.func.count()).select_from(metadata.tables[name])).scalar_one()
                for name in names
            }
        rows["objects"] = len(list(self.store.keys()))
        rows["spools"] = spool_files(self.spools)
        return {name: count for name, count in rows.items() if count}

    def events(self, subject_id: str) -> list[str]:
        query = (
            sa.select(tables.event.c.action)
            .where(tables.event.c.subject_id == subject_id)
            .order_by(tables.event.c.at, tables.event.c.id)
        )
        with self.database.system() as connection:
            return list(connection.execute(query).scalars())


def spool_files(folder: Path) -> int:
    """Files being received under any folder named ``spool``."""
    inside = [path for path in folder.rglob("*") if path.is_file() and "spool" in path.parent.parent.parts[-1:]]
    return sum(1 for path in inside if path.name not in {"lock", "gate"})


@pytest.fixture
def stage(database: Database, store: BlobStore, actor: Actor, stranger: Actor, tmp_path: Path) -> Iterator[Stage]:
    made = Stage(database, store, actor, stranger, tmp_path)
    yield made
    made.items.close()


def png(width: int = 8, height: int = 6, value: int = 100) -> bytes:
    from PIL import Image

    out = io.BytesIO()
    Image.fromarray(np.full((height, width), value, np.uint8)).save(out, "PNG")
    return out.getvalue()


def ct_slice(
    number: int = 0, *, series: str = "1.2.3", uid: str | None = None, offset: int = 0, rows: int = 4
) -> bytes:
    """A CT slice of ``rows`` x 6 pixels at z = 2.5 mm * ``number``; stored values are 100 * number + offset + index."""
    from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
    from pydicom.uid import UID, CTImageStorage, ExplicitVRLittleEndian

    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = CTImageStorage
    meta.MediaStorageSOPInstanceUID = UID(uid or f"{series}.{number + 1}")
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    dataset = FileDataset(io.BytesIO(), Dataset(), file_meta=meta, preamble=b"\0" * 128)
    values = (np.arange(rows * 6).reshape(rows, 6) + 100 * number + offset).astype("<i2")
    for keyword, value in {
        "SOPClassUID": CTImageStorage,
        "SOPInstanceUID": meta.MediaStorageSOPInstanceUID,
        "StudyInstanceUID": "1.2",
        "SeriesInstanceUID": series,
        "FrameOfReferenceUID": "1.2.9",
        "PatientID": "P1",
        "PatientName": "Test^One",
        "Modality": "CT",
        "InstanceNumber": number + 1,
        "ImagePositionPatient": [-10.0, -20.0, 2.5 * number],
        "ImageOrientationPatient": [1, 0, 0, 0, 1, 0],
        "PixelSpacing": [0.5, 0.75],
        "SliceThickness": 2.5,
        "Rows": rows,
        "Columns": 6,
        "SamplesPerPixel": 1,
        "PhotometricInterpretation": "MONOCHROME2",
        "BitsAllocated": 16,
        "BitsStored": 16,
        "HighBit": 15,
        "PixelRepresentation": 1,
        "RescaleSlope": 1,
        "RescaleIntercept": -1000,
        "RescaleType": "HU",
        "PixelData": values.tobytes(),
    }.items():
        setattr(dataset, keyword, value)
    out = io.BytesIO()
    dataset.save_as(out, enforce_file_format=True)
    return out.getvalue()


def nifti(shape: tuple[int, ...] = (5, 4, 3)) -> bytes:
    import nibabel

    volume = np.arange(int(np.prod(shape)), dtype=np.int16).reshape(shape)
    return bytes(nibabel.Nifti1Image(volume, np.diag([0.5, 0.75, 2.0, 1.0])).to_bytes())
