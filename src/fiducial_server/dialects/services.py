"""What a dialect is given: every service, built once by the composition root."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fiducial_server.services.access import Access
    from fiducial_server.services.experiments import Experiments
    from fiducial_server.services.exports.service import Exports
    from fiducial_server.services.invitations import Invitations
    from fiducial_server.services.items import Items
    from fiducial_server.services.jobs import JobService
    from fiducial_server.services.labels import Labels
    from fiducial_server.services.links import Links
    from fiducial_server.services.models import Models
    from fiducial_server.services.projects import Projects
    from fiducial_server.services.studies import Studies
    from fiducial_server.services.uploads import Uploads


@dataclass(frozen=True, slots=True)
class Services:
    """``ready`` raises Unavailable while the database or the store does not answer; ``close`` ends what runs."""

    access: Access
    items: Items
    uploads: Uploads
    projects: Projects
    labels: Labels
    jobs: JobService
    invitations: Invitations
    studies: Studies
    experiments: Experiments
    exports: Exports
    links: Links
    models: Models
    max_upload_bytes: int
    ready: Callable[[], None]
    start: Callable[[], None]
    close: Callable[[], None]
