"""``fiducial upload``: files, folders and patterns to the server, with masks and facts that lie beside them."""

from __future__ import annotations

import logging
import re
import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from fiducial.cli.connect import AsJson, Connections, Key, Server, connect, print_json
from fiducial.cli.exits import FAILED, exit_codes, tell
from fiducial.errors import Invalid, NotFound

if TYPE_CHECKING:
    from fiducial.api.client import Api
    from fiducial.api.local_file import LocalFile
    from fiducial.cli.companions import Companion

Paths = Annotated[list[str], typer.Argument(metavar="PATH...", help="Files, folders (all below) or patterns.")]
ProjectName = Annotated[str | None, typer.Option("--project", "-p", help="Project (name or id) to add them to.")]
Channel = Annotated[str | None, typer.Option("--channel", help="Channel to upload to.")]
Tags = Annotated[list[str] | None, typer.Option("--tag", "-t", help="Tag; may be given several times.")]
Publish = Annotated[bool, typer.Option("--publish", help="Publish them at once, past the inbox.")]
Series = Annotated[bool, typer.Option("--series/--no-series", help="Make the files of a DICOM series one item.")]
Resume = Annotated[bool, typer.Option("--resume/--no-resume", help="Do not send again what the server has already.")]
Reports = Annotated[bool, typer.Option("--reports", help="Upload DICOM structured reports too.")]
Modality = Annotated[str | None, typer.Option("--modality", help="Modality (CT, MR, US ...) of files that do not say.")]
Anonymize = Annotated[
    bool,
    typer.Option("--anonymize/--no-anonymize", help="Send DICOM files without the patient (PS3.15, basic profile)."),
]
Retain = Annotated[
    list[str] | None,
    typer.Option("--retain", metavar="GGGG,EEEE", help="DICOM element that anonymising leaves; several times."),
]
Mung = Annotated[
    str | None,
    typer.Option(
        "--mung-filename", metavar="all|N,N...", help="Put folders into the names: all, or the N-th from the root."
    ),
]
Masks = Annotated[
    str | None,
    typer.Option(
        "--segmentations",
        metavar="PATTERN",
        help="Masks beside the files, such as '{stem}_seg.nii.gz', '{stem}_{frame}.png' or '../masks/{parent}.nii.gz'.",
    ),
]
Names = Annotated[
    Path | None,
    typer.Option("--names", metavar="FILE", help="Names of the masks' values: JSON {value: name}, or CSV value,name."),
]
Facts = Annotated[
    str | None,
    typer.Option(
        "--metadata", metavar="FILE", help="JSON object to keep with every file, or a pattern: '{stem}.json'."
    ),
]
_TOLD_HERE = logging.NullHandler()
"""Takes the library's warnings, which would go to standard error if nobody did: what failed is told at the end, once."""


@dataclass(frozen=True)
class Plan:
    """What is to be sent, looked at before anything is: the files, and what lies beside each."""

    files: list[LocalFile]
    masks: list[list[Companion]]
    facts: list[dict[str, Any] | None] | None
    names: dict[Any, str] | None
    left_out: int


def upload(
    paths: Paths,
    *,
    project: ProjectName = None,
    channel: Channel = None,
    tag: Tags = None,
    publish: Publish = False,
    modality: Modality = None,
    series: Series = True,
    anonymize: Anonymize = False,
    retain: Retain = None,
    mung_filename: Mung = None,
    segmentations: Masks = None,
    names: Names = None,
    metadata: Facts = None,
    resume: Resume = True,
    reports: Reports = False,
    connections: Connections = 8,
    server: Server = None,
    key: Key = None,
    as_json: AsJson = False,
) -> None:
    """Upload files. What fails is told at the end, and the others go on; calling again sends only what is missing."""
    with exit_codes():
        from fiducial.api.settings import value_of
        from fiducial.api.upload_options import as_sent
        from fiducial.cli.masks import MaskUpload

        logging.getLogger("fiducial").addHandler(_TOLD_HERE)
        retained, levels = [_element(text) for text in retain or ()], _levels(mung_filename)
        if retained and not anonymize:
            raise Invalid("--retain says what --anonymize leaves: give that too", field="retain")
        plan = _plan(paths, segmentations, names, metadata, reports=reports)
        api = connect(server, key)
        target = _project_id(api, project or value_of("project"))
        results = api.resources.upload_resources(
            plan.files,
            on_error="skip",
            anonymize=anonymize,
            anonymize_retain_codes=retained,
            tags=tag or None,
            mung_filename=levels,
            channel=channel,
            publish=publish,
            publish_to=target,
            modality=modality,
            metadata=plan.facts,
            assemble_dicoms=series,
            discard_dicom_reports=False,
            progress_bar=not as_json,
            connections=connections,
            resume=resume,
        )
        sender = MaskUpload(api, plan.names, resume, connections, as_sent(anonymize, retained))
        masks = sender.send(_mask_jobs(plan, results)) if any(plan.masks) else []
    if _report(plan, results, masks, as_json):
        raise typer.Exit(FAILED)


# ---- what is asked for


def _element(text: str) -> tuple[int, int]:
    match = re.fullmatch(r"\(?([0-9a-fA-F]{4}),? ?([0-9a-fA-F]{4})\)?", text.strip())
    if match is None:
        raise Invalid(f"--retain {text!r} is no DICOM element: write it as 0010,0040", field="retain")
    return int(match[1], 16), int(match[2], 16)


def _levels(text: str | None) -> Sequence[int] | Literal["all"] | None:
    if text is None or text.strip().lower() == "all":
        return None if text is None else "all"
    levels = [part.strip() for part in text.split(",")]
    if not all(level.isascii() and level.isdigit() and int(level) for level in levels):
        raise Invalid(f"--mung-filename {text!r} must be 'all', or numbers from 1: 1,2", field="mung_filename")
    return [int(level) for level in levels]


def _plan(paths: list[str], masks: str | None, names: Path | None, facts: str | None, *, reports: bool) -> Plan:
    from fiducial.api.local_file import expanded, local_file
    from fiducial.api.upload_options import is_report
    from fiducial.cli.companions import Pattern
    from fiducial.cli.value_names import read_names

    if names is not None and masks is None:
        raise Invalid("--names says what the values of --segmentations are called: give that too", field="names")
    named = None if names is None else read_names(names)
    files = [local_file(thing) for thing in expanded(paths)]
    patterns = [] if masks is None else [Pattern(masks, "--segmentations")]
    shared = None
    if facts is not None and "{" in facts:
        patterns.append(Pattern(facts, "--metadata"))
    elif facts is not None:
        shared = _facts(Path(facts))
    files = _without_companions(files, patterns)
    kept = [file for file in files if reports or not is_report(file)]
    beside = [_companions(pattern, kept) for pattern in patterns]
    told: list[dict[str, Any] | None] | None = None if shared is None else [shared] * len(kept)
    if facts is not None and shared is None:
        told = [_only_facts(listed) for listed in beside[-1]]
    return Plan(kept, beside[0] if masks is not None else [[]] * len(kept), told, named, len(files) - len(kept))


def _companions(pattern: Any, files: Sequence[LocalFile]) -> list[list[Companion]]:
    from fiducial.cli.companions import companions

    return companions(pattern, files)


def _without_companions(files: Sequence[LocalFile], patterns: Sequence[Any]) -> list[LocalFile]:
    """Masks and facts in the folder that is uploaded are no images of their own."""
    beside = {one.path.resolve() for pattern in patterns for file in files for one in pattern.of(file)}
    return [file for file in files if file.path is None or file.path.resolve() not in beside]


def _only_facts(listed: Sequence[Companion]) -> dict[str, Any] | None:
    if len(listed) > 1:
        raise Invalid(f"--metadata fits several files: {listed[0].path} and {listed[1].path}", field="metadata")
    return _facts(listed[0].path) if listed else None


def _facts(path: Path) -> dict[str, Any]:
    from fiducial.api.upload_options import metadata_of

    found = metadata_of(str(path))
    assert found is not None
    return found


def _project_id(api: Api, name: str | None) -> str | None:
    """Looked up before anything is sent, so that a wrong name costs nothing."""
    if name is None:
        return None
    try:
        return api.projects._id_of(name)
    except NotFound as error:
        told = f"there is no project named {name!r}; make it with: fiducial project create {shlex.quote(name)}"
        raise NotFound(told, name=name) from error


def _mask_jobs(plan: Plan, results: Sequence[Any]) -> list[Any]:
    from fiducial.cli.masks import Job

    return [
        Job(one, file, result)
        for file, listed, result in zip(plan.files, plan.masks, results, strict=True)
        for one in listed
        if isinstance(result, str)
    ]


# ---- what became of it


def _report(plan: Plan, results: list[Any], masks: list[dict[str, Any]], as_json: bool) -> int:
    rows = [_row(file, result) for file, result in zip(plan.files, results, strict=True)]
    failed = [row for row in (*rows, *masks) if row["error"] is not None]
    items = {row["id"] for row in rows if row["id"] is not None}
    if as_json:
        told = {"files": rows, "items": len(items), "failed": len(failed), "reports_left_out": plan.left_out}
        print_json({**told, "masks": masks} if any(plan.masks) else told)
        return len(failed)
    for row in failed:
        tell(f"failed: {row['path']}: {row['error']}")
    left = f", {plan.left_out} reports left out" if plan.left_out else ""
    sent = sum(row["error"] is None for row in rows)
    print(f"{sent} files as {len(items)} items{left}{_masks_told(masks)}{f', {len(failed)} failed' if failed else ''}")
    return len(failed)


def _masks_told(masks: list[dict[str, Any]]) -> str:
    if not masks:
        return ""
    there = sum(row["there"] for row in masks)
    sent = sum(row["error"] is None for row in masks) - there
    labels = sum(len(row["annotations"]) for row in masks)
    return f", {sent} mask files as {labels} segmentations{f', {there} were there' if there else ''}"


def _row(file: LocalFile, result: Any) -> dict[str, Any]:
    failed = isinstance(result, Exception)
    return {
        "path": str(file.path),
        "id": None if failed else result,
        "error": _reason(file, result) if failed else None,
    }


def _reason(file: LocalFile, error: Exception) -> str:
    """What went wrong, without the file's name in front: the path says it."""
    return str(error).removeprefix(f"{file.path}: ").removeprefix(f"{file.name}: ")
