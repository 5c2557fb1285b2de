"""nbgrader preprocessors that release, restore, run, score, hide; `nbgrader_config.py` names them.

nbgrader's Autograde runs two lists: `sanitize_preprocessors` on the submitted file, then
`autograde_preprocessors` on what came out. GenerateFeedback runs `preprocessors` on the result.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Any

import nbformat
from nbconvert.exporters import NotebookExporter
from nbconvert.exporters.exporter import ResourcesDict
from nbformat import NotebookNode
from nbformat.v4 import new_notebook, new_output
from nbgrader.api import Gradebook
from nbgrader.coursedir import CourseDirectory
from nbgrader.preprocessors import NbGraderPreprocessor, SaveAutoGrades
from traitlets.config import Config

from .course import Limits, find_course
from .errors import GraderError
from .evidence import Finding
from .restore import Submitted, grading_edition, parse_submission, read_submission, restore
from .run import RunLimits, describe, grade_id, is_tests, run_notebook
from .verdicts import METADATA_KEY, NotebookReport, Verdict


class ForgetBuild(NbGraderPreprocessor):  # type: ignore[misc]
    """Takes the build's own note out of a release. First of GenerateAssignment's list.

    What `nbgrader generate_assignment` writes is then, byte for byte, what `grader build` wrote.
    """

    def preprocess(
        self, nb: NotebookNode, resources: ResourcesDict
    ) -> tuple[NotebookNode, ResourcesDict]:
        """Remove what `grader.editions` keeps in an instructor notebook for the next build."""
        nb.metadata.pop("grader", None)
        return nb, resources


def framework_of(notebook: str) -> str:
    """Return the framework of a lesson from its notebook's name: blocks_torch → torch."""
    return notebook.rpartition("_")[2]


@lru_cache(maxsize=64)
def _edition(path: str, _changed: float) -> NotebookNode:
    return grading_edition(nbformat.read(path, as_version=4))


def edition_at(path: Path) -> NotebookNode:
    """Read the instructor edition at `path` and return its grading edition; do not change it."""
    try:
        return _edition(str(path), path.stat().st_mtime)
    except FileNotFoundError:
        raise GraderError(
            f"there is no instructor notebook {path}; build it with: grader build"
        ) from None


def limits_of(root: Path, unit: str) -> Limits:
    """Look up the limits of a unit; the usual ones for a unit that the registry does not know."""
    try:
        return find_course(root).unit(unit).limits
    except GraderError:
        return Limits()


def kernel_config(limits: Limits) -> Config:
    """Write limits as the configuration of the kernels' provisioner."""
    return Config(
        ContainedProvisioner={
            "seconds": int(limits.notebook_seconds) + 30,
            "memory_mb": limits.memory_mb,
            "processes": limits.processes,
            "file_mb": limits.file_mb,
        }
    )


def grade_notebook(
    nb: NotebookNode, notebook: str, folder: str, limits: Limits, config: Config | None = None
) -> NotebookReport:
    """Run a restored notebook in place, keep its report in its metadata, and return it."""
    repairs = nb.metadata.get(METADATA_KEY, {}).get("repairs", [])
    merged = kernel_config(limits)
    merged.merge(config or Config())
    report = run_notebook(
        nb,
        framework_of(notebook),
        folder,
        RunLimits(limits.cell_seconds, limits.notebook_seconds, limits.output_kb),
        merged,
    )
    report.repairs = list(repairs)
    nb.metadata[METADATA_KEY] = nbformat.from_dict(report.to_dict())
    return report


class SubmissionExporter(NotebookExporter):
    """Reads submitted files in whatever state they are.

    nbconvert raises on a damaged notebook before any preprocessor sees it, and nbgrader then drops
    the whole submission.
    """

    def from_filename(
        self, filename: str, resources: dict[str, Any] | None = None, **kwargs: Any
    ) -> Any:  # nbconvert declares a notebook and returns text
        """Export `filename`; what cannot be read becomes a notebook without cells."""
        path = Path(filename)
        resources = dict(resources or {})
        resources["metadata"] = {"name": path.stem, "path": str(path.parent)}
        try:
            nb = nbformat.from_dict(nbformat.read(path, as_version=4))
            nbformat.validate(nb)
            trusted = METADATA_KEY in nb.metadata
        except Exception:
            trusted = False
        if not trusted:  # a submitted file, or one that claims to be graded: Restore decides
            submitted = read_submission(path)
            nb = new_notebook(cells=submitted.cells)
            nb.metadata["submitted"] = nbformat.from_dict({"problems": submitted.problems})
            resources["submitted"] = submitted
        return self.from_notebook_node(nb, resources, **kwargs)  # type: ignore[no-untyped-call]


class Restore(NbGraderPreprocessor):  # type: ignore[misc]
    """Puts back what a student may not change. First of `sanitize_preprocessors`."""

    def preprocess(
        self, nb: NotebookNode, resources: ResourcesDict
    ) -> tuple[NotebookNode, ResourcesDict]:
        """Replace the submitted notebook by one built from the instructor edition and from it."""
        names = resources["nbgrader"]
        course = CourseDirectory(config=self.config)
        folder = course.format_path(course.source_directory, ".", names["assignment"])
        template = edition_at(Path(folder, f"{names['notebook']}.ipynb"))
        submitted = resources.get("submitted")
        if not isinstance(submitted, Submitted):
            submitted = parse_submission(nbformat.writes(nb).encode())
        restored, repairs = restore(template, submitted)
        for repair in repairs:
            self.log.warning("%s of %s: %s", names["notebook"], names["student"], repair)
        restored.metadata[METADATA_KEY] = nbformat.from_dict({"repairs": repairs})
        return restored, resources


class Run(NbGraderPreprocessor):  # type: ignore[misc]
    """Runs the notebook, contained, to a verdict on each tests cell. In place of Execute."""

    def preprocess(
        self, nb: NotebookNode, resources: ResourcesDict
    ) -> tuple[NotebookNode, ResourcesDict]:
        """Execute the cells and keep the report in the notebook's metadata."""
        names = resources["nbgrader"]
        course = CourseDirectory(config=self.config)
        limits = limits_of(Path(course.root), names["assignment"])
        folder = resources.get("metadata", {}).get("path") or "."
        report = grade_notebook(nb, names["notebook"], folder, limits, self.config)
        for note in report.notes:
            self.log.warning("%s of %s: %s", names["notebook"], names["student"], note)
        return nb, resources


class Score(SaveAutoGrades):  # type: ignore[misc]
    """Writes the points of the verdicts to the gradebook. In place of SaveAutoGrades.

    nbgrader's own rule gives no points to correct code that wrote to stderr, and full points to
    tests that never ran. It writes to `gradebook` if that is given, else to one that it opens.
    """

    def __init__(self, gradebook: Gradebook | None = None, config: Any = None, **options: Any):
        super().__init__(config=config, **options)
        self.gradebook: Any = gradebook

    def preprocess(
        self, nb: NotebookNode, resources: ResourcesDict
    ) -> tuple[NotebookNode, ResourcesDict]:
        """Store the score of every tests cell of `nb`."""
        report = NotebookReport.from_dict(_report_of(nb))
        self._points = {cell.grade_id: cell.points for cell in report.cells}
        if self.gradebook is None:
            return super().preprocess(nb, resources)  # type: ignore[no-any-return]
        names = resources["nbgrader"]
        self.notebook_id, self.assignment_id = names["notebook"], names["assignment"]
        self.student_id = names["student"]
        for index, cell in enumerate(nb.cells):
            self.preprocess_cell(cell, resources, index)
        return nb, resources

    def _add_score(self, cell: NotebookNode, resources: ResourcesDict) -> None:
        if not is_tests(cell):  # graded by hand
            super()._add_score(cell, resources)
            return
        grade = self.gradebook.find_grade(
            grade_id(cell), self.notebook_id, self.assignment_id, self.student_id
        )
        grade.auto_score = self._points[grade_id(cell)]
        grade.needs_manual_grade = grade.manual_score is not None
        self.gradebook.db.commit()


def _report_of(nb: NotebookNode) -> dict[str, Any]:
    report = nb.metadata.get(METADATA_KEY)
    if not isinstance(report, dict) or "cells" not in report:
        raise GraderError(
            "the notebook was not graded by this course's Run; grade it again with --force"
        )
    return dict(report)


class HideTests(NbGraderPreprocessor):  # type: ignore[misc]
    """Takes hidden tests out of what a student gets back. First of GenerateFeedback's list."""

    def preprocess(
        self, nb: NotebookNode, resources: ResourcesDict
    ) -> tuple[NotebookNode, ResourcesDict]:
        """Keep what is the student's, without hidden tests and lines that quote them.

        The lesson's own cells go: a student has them, and a page without them is short.
        """
        nb.cells = [cell for cell in nb.cells if _is_feedback(cell)]
        report = {
            cell["grade_id"]: cell for cell in nb.metadata.get(METADATA_KEY, {}).get("cells", [])
        }
        secrets: set[str] = set()
        for cell in nb.cells:
            if is_tests(cell):
                shown, hidden = split_tests(cell.source)
                secrets |= hidden
                cell.source = shown
                verdict = report.get(grade_id(cell))
                # What a student's code prints while tests run could be the tests.
                cell.outputs = [_verdict_output(verdict)] if verdict else []
        for cell in nb.cells:
            for output in cell.get("outputs", []):
                _scrub(output, secrets)
        return nb, resources


def _is_feedback(cell: NotebookNode) -> bool:
    """Tell whether a cell belongs on a feedback page: exercises, and what the student added."""
    name = grade_id(cell)
    if not name:
        return bool(cell.metadata.get("own"))
    return "-hint-" not in name and not name.startswith("setup-")


def split_tests(source: str) -> tuple[str, set[str]]:
    """Split a tests cell into what students may see and the telling lines of the rest."""
    shown: list[str] = []
    hidden: set[str] = set()
    inside = False
    for line in source.splitlines():
        if "BEGIN HIDDEN TESTS" in line:
            inside = True
            shown.append("# (hidden tests ran here)")
        elif "END HIDDEN TESTS" in line:
            inside = False
        elif not inside:
            shown.append(line)
        elif len(line.strip()) > 8:
            hidden.add(line.strip())
    return "\n".join(shown), hidden - {line.strip() for line in shown}


def _verdict_output(verdict: dict[str, Any]) -> NotebookNode:
    finding = Finding(Verdict(verdict["verdict"]), verdict["message"])
    if finding.verdict is Verdict.PASSED:
        passed: NotebookNode = new_output("stream", text="passed\n")
        return passed
    return describe(finding, "")


def _scrub(output: NotebookNode, secrets: set[str]) -> None:
    """Replace every line of an output's text that holds a hidden line."""

    def clean(text: str) -> str:
        if not any(secret in text for secret in secrets):
            return text
        return "\n".join(
            "[removed: it quotes the tests]" if any(s in line for s in secrets) else line
            for line in text.replace("\\n", "\n").split("\n")
        )

    if "text" in output:
        output.text = clean(output.text)
    if "traceback" in output:
        output.traceback = [clean(line) for line in output.traceback]
        output.evalue = clean(output.evalue)
    for kind, value in output.get("data", {}).items():
        if isinstance(value, str) and not kind.startswith("image/"):
            output.data[kind] = clean(value)
