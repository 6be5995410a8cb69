"""Where registered models and experiments of a project live in a registry that knows neither organizations nor projects.

Their stored names begin with ``<organization>.<project>.``, both as 32 hex digits; the unscoped space of an organization
has zeros for the project. No wildcard of a search and no character that a registry forbids is in there, and nobody who
does not belong to the organization can know it.
"""

from __future__ import annotations

import re
import uuid
from dataclasses import dataclass

_UNSCOPED = "0" * 32
_LENGTH = 66
_PREFIX = re.compile(r"[0-9a-f]{32}\.[0-9a-f]{32}\.")


@dataclass(frozen=True, slots=True)
class ModelSpace:
    """One project's names, or with None for the project the organization's own."""

    organization_id: str
    project_id: str | None = None

    @property
    def organization_prefix(self) -> str:
        """What every stored name of the organization begins with."""
        return f"{uuid.UUID(self.organization_id).hex}."

    @property
    def prefix(self) -> str:
        """What every stored name of this space begins with."""
        project = _UNSCOPED if self.project_id is None else uuid.UUID(self.project_id).hex
        return f"{self.organization_prefix}{project}."

    def stored(self, name: str) -> str:
        """The name as the registry has it."""
        return f"{self.prefix}{name}"

    def owns(self, stored: str) -> bool:
        """Whether a stored name is one of the organization, in whichever project."""
        return stored.startswith(self.organization_prefix) and _PREFIX.match(stored) is not None

    def shown(self, stored_text: str) -> str:
        """Any text with the organization's prefixes taken out, wherever they are in it."""
        return re.sub(re.escape(self.organization_prefix) + r"[0-9a-f]{32}\.", "", stored_text)

    @property
    def folder(self) -> str:
        """Where the space's artifacts are: ``<organization>/<project>``."""
        return self.prefix.rstrip(".").replace(".", "/")

    def owns_path(self, path: str) -> bool:
        """Whether an artifact's path is one of the organization."""
        return path.partition("/")[0] == self.organization_prefix[:-1]


def project_of(stored: str) -> str | None:
    """The project whose space a stored name is in; None for an organization's own space."""
    digits = stored[33:65]
    return None if digits == _UNSCOPED else str(uuid.UUID(digits))


def bare(stored: str) -> str:
    """The name without its prefix."""
    return stored[_LENGTH:]
