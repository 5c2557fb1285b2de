"""What plain `nbgrader` commands need to know, run from this folder."""

from nbgrader.preprocessors import (
    AssignLatePenalties,
    CheckCellMetadata,
    GetGrades,
    LimitOutput,
)

from grader.page import Explain, FeedbackExporter
from grader.preprocessors import ForgetBuild, HideTests, Restore, Run, Score, SubmissionExporter

c = get_config()  # noqa: F821 (traitlets defines it when it reads this file)

c.CourseDirectory.course_id = "frameworks-inside"

# A unit is an assignment: solutions/03_blocks is released as notebooks/03_blocks.
c.CourseDirectory.source_directory = "solutions"
c.CourseDirectory.release_directory = "notebooks"

# A release is what `grader build` wrote, byte for byte.
c.GenerateAssignment.preprocessors.prepend([ForgetBuild])

# nbgrader copies whatever else lies in an assignment's folder along with its notebooks. Sources
# hold the solutions, and a stray module would be imported in place of an installed one.
c.CourseDirectory.ignore = [
    "*.py",
    "*.toml",
    "*.md",
    ".*",
    "*.pyc",
    "__pycache__",
    "feedback",
]

# Grading: damaged files are read as far as they go; locked cells come from the instructor edition;
# cells run contained; points need proof. CheckCellMetadata comes last, on what is written.
c.Autograde.exporter_class = SubmissionExporter
c.Autograde.sanitize_preprocessors = [Restore, CheckCellMetadata]
c.Autograde.autograde_preprocessors = [
    Run,
    LimitOutput,
    Score,
    AssignLatePenalties,
    CheckCellMetadata,
]

# Feedback shows a student verdicts, hints and their own work, never the hidden tests, on a page
# that asks for nothing from outside.
c.GenerateFeedback.preprocessors = [GetGrades, Explain, HideTests]
c.GenerateFeedback.exporter_class = FeedbackExporter
