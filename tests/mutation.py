"""Makes small changes to each reference solution and looks whether the tests notice.

    python tests/mutation.py                  # the whole course
    python tests/mutation.py 03_blocks        # a unit
    python tests/mutation.py blocks_torch     # a lesson
    python tests/mutation.py blocks_torch --exercise mlp --list   # what would be run

A change that keeps full marks survives. It either does not change what the task asks for, and then
stands with the reason in the lesson's list of equivalents beside its bank,

    # tests/variants/03_blocks/blocks_torch_equivalent.toml
    [mlp]
    "return f(x, 0) => return f(x, 1)" = "the second argument only names the plot"

or the tests are too weak: add the change to the bank as a wrong answer and mend them.
"""

from __future__ import annotations

import ast
import copy
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import click
import nbformat
from rich.console import Console
from rich.progress import track
from rich.table import Table

from grader.bank import bank_path, solutions
from grader.course import Lesson, find_course
from grader.prove import Answer, grade_answers

SWAPS: dict[type[ast.AST], type[ast.AST]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Div,
    ast.Div: ast.Mult,
    ast.FloorDiv: ast.Mult,
    ast.Mod: ast.Mult,
    ast.Pow: ast.Mult,
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
    ast.And: ast.Or,
    ast.Or: ast.And,
}


def other_expressions(node: ast.expr) -> Iterator[ast.expr]:
    """Yield what may stand in place of an expression."""
    match node:
        case ast.Constant(value=bool(value)):
            yield ast.Constant(not value)
        case ast.Constant(value=int(value)) | ast.Constant(value=float(value)):
            yield ast.Constant(value + 1)
            if value:
                yield ast.Constant(type(value)(0))
        case ast.BinOp(left=left, op=ast.MatMult(), right=right):
            yield ast.BinOp(right, ast.MatMult(), left)
        case ast.BinOp(left=left, op=op, right=right):
            yield ast.BinOp(left, SWAPS[type(op)](), right) if type(op) in SWAPS else left
            if isinstance(op, ast.Sub | ast.Div | ast.Pow | ast.FloorDiv):
                yield ast.BinOp(right, op, left)
            yield left
            yield right
        case ast.Compare(left=left, ops=[op], comparators=right):
            yield ast.Compare(left, [SWAPS[type(op)]()], right)
            yield ast.UnaryOp(ast.Not(), node)
        case ast.BoolOp(op=op, values=[first, *rest]):
            yield ast.BoolOp(SWAPS[type(op)](), [first, *rest])
            yield first
            yield rest[-1]
        case ast.UnaryOp(op=ast.Not() | ast.USub(), operand=operand):
            yield operand
        case ast.IfExp(body=body, orelse=orelse):
            yield body
            yield orelse
        case ast.Call(func=func, args=args, keywords=keywords):
            for i in range(len(args) - 1):
                swapped = [*args[:i], args[i + 1], args[i], *args[i + 2 :]]
                yield ast.Call(func, swapped, keywords)
            for i in range(len(keywords)):
                yield ast.Call(func, args, keywords[:i] + keywords[i + 1 :])
            if len(args) == 1 and not isinstance(args[0], ast.Starred):
                yield args[0]
            if isinstance(func, ast.Attribute) and not args:
                yield func.value
        case ast.Subscript(slice=ast.Tuple(elts=[first, second])) as subscript:
            yield ast.Subscript(subscript.value, ast.Tuple([second, first], ast.Load()), ast.Load())
        case ast.Tuple(elts=[first, second]) | ast.List(elts=[first, second]):
            yield type(node)([second, first], ast.Load())
        case ast.Attribute(value=value) if not isinstance(value, ast.Name):
            yield value


def other_statements(node: ast.stmt) -> Iterator[list[ast.stmt]]:
    """Yield what may stand in place of a whole statement."""
    match node:
        case ast.Expr(value=ast.Constant()) | ast.Pass() | ast.Import() | ast.ImportFrom():
            return
        case ast.If(body=body, orelse=orelse):
            yield body
            yield orelse or [ast.Pass()]
        case ast.With(body=body):
            yield body
        case ast.For(body=body):
            yield [ast.Pass()]
        case ast.AugAssign(target=target, op=op, value=value) if type(op) in SWAPS:
            yield [ast.AugAssign(target, SWAPS[type(op)](), value)]
            yield [ast.Assign([target], value)]
            yield [ast.Pass()]
        case ast.Return(value=ast.expr()):
            yield [ast.Return(None)]
        case ast.FunctionDef(decorator_list=[_, *_]):
            bare = copy.copy(node)
            bare.decorator_list = []
            yield [bare]
        case ast.FunctionDef() | ast.ClassDef() | ast.Return():
            return
        case _:
            yield [ast.Pass()]


def solution_lines(source: str) -> set[int]:
    """Return the numbers of the lines that a student does not get."""
    found, inside = set(), False
    for number, line in enumerate(source.splitlines(), 1):
        if line.strip() in ("# BEGIN SOLUTION", "# END SOLUTION"):
            inside = line.strip() == "# BEGIN SOLUTION"
        elif inside:
            found.add(number)
    return found


def mutants(source: str) -> dict[str, str]:
    """Map what was changed, "statement => statement", to the changed source."""
    tree = ast.parse(source)
    lines = solution_lines(source)
    found: dict[str, str] = {}

    def keep(before: ast.stmt, after: list[ast.stmt]) -> None:
        """Write the tree as it is now, under the words for its change."""
        text = "; ".join(brief(each) for each in after)
        if text != brief(before):
            found.setdefault(
                f"{brief(before)} => {text}", ast.unparse(ast.fix_missing_locations(tree))
            )

    for parent in [*ast.walk(tree)]:
        for block in (getattr(parent, name, None) for name in ("body", "orelse", "finalbody")):
            for index, statement in enumerate(block if isinstance(block, list) else []):
                if statement.lineno not in lines:
                    continue
                for instead in other_statements(statement):
                    block[index : index + 1] = instead
                    keep(statement, instead)
                    block[index : index + len(instead)] = [statement]
                before = copy.deepcopy(statement)
                for holder, name, place, expression in expressions(statement):
                    for other in other_expressions(expression):
                        put(holder, name, place, other)
                        keep(before, [statement])
                    put(holder, name, place, expression)
    return found


def brief(statement: ast.stmt) -> str:
    """Write a statement on one line; of one with a body, its head."""
    lines = ast.unparse(ast.fix_missing_locations(statement)).splitlines()
    head = next((line for line in lines if not line.startswith("@")), lines[0])
    return head if len(lines) == 1 or head.endswith(":") else " ".join(map(str.strip, lines))


def expressions(
    statement: ast.stmt,
) -> list[tuple[ast.AST, str, int | None, ast.expr]]:
    """List the expressions of a statement, not of the statements in it, and where each stands."""
    found: list[tuple[ast.AST, str, int | None, ast.expr]] = []

    def visit(node: ast.AST) -> None:
        for name, value in ast.iter_fields(node):
            if name in ("annotation", "returns", "decorator_list"):
                continue
            for place, child in enumerate(value) if isinstance(value, list) else [(None, value)]:
                if isinstance(child, ast.stmt) or not isinstance(child, ast.AST):
                    continue
                loaded = isinstance(getattr(child, "ctx", ast.Load()), ast.Load)
                method = name == "func" and isinstance(child, ast.Attribute)
                if isinstance(child, ast.expr) and loaded and not method:
                    found.append((node, name, place, child))
                visit(child)

    visit(statement)
    return found


def put(holder: ast.AST, name: str, place: int | None, value: ast.expr) -> None:
    """Put an expression where `expressions` found one."""
    if place is None:
        setattr(holder, name, value)
    else:
        getattr(holder, name)[place] = value


def read_equivalents(lesson: Lesson) -> dict[tuple[str, str], str]:
    """Read which changes of a lesson's solutions change nothing that counts, and why."""
    path = bank_path(lesson).with_name(f"{lesson.name}_equivalent.toml")
    if not path.exists():
        return {}
    data = tomllib.loads(path.read_text(encoding="utf-8"))
    return {
        (exercise, change): why for exercise, all_ in data.items() for change, why in all_.items()
    }


@click.command(help=__doc__, context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("names", nargs=-1, metavar="[UNIT|LESSON]...")
@click.option("--exercise", help="Only this exercise.")
@click.option(
    "--jobs", type=click.IntRange(1), help="Kernels at a time; as many as cores if not given."
)
@click.option("--list", "only_list", is_flag=True, help="Print the changes and run nothing.")
def main(names: tuple[str, ...], exercise: str | None, jobs: int | None, only_list: bool) -> None:
    course = find_course(Path(__file__))
    lessons = [x for x in course.lessons() if not names or x.name in names or x.unit.name in names]
    if not lessons:
        raise click.ClickException(f"no lesson is called {' or '.join(names)}")
    changes: dict[tuple[str, Answer], str] = {}
    work: list[tuple[Lesson, Answer]] = []
    equivalents = {lesson.name: read_equivalents(lesson) for lesson in lessons}
    stale: list[str] = []
    for lesson in lessons:
        instructor = nbformat.read(lesson.instructor, as_version=4)
        mine = {
            name: mutants(cell.source)
            for name, cell in solutions(instructor).items()
            if exercise in (None, name)
        }
        for name, found in mine.items():
            for change, source in found.items():
                if (name, change) not in equivalents[lesson.name]:
                    answer = Answer(name, source)
                    changes[lesson.name, answer] = change
                    work.append((lesson, answer))
        stale += [
            f"{lesson.name}: [{name}] {change}"
            for name, change in equivalents[lesson.name]
            if name in mine and change not in mine[name]
        ]
    console = Console(highlight=False)
    if only_list:
        for (lesson_name, answer), change in changes.items():
            print(f"{lesson_name} {answer.exercise}: {change}")
        return
    survivors: list[tuple[str, str, str]] = []
    progress = Console(stderr=True)
    for lesson, answer, report in track(
        grade_answers(work, jobs, cell_seconds=5), "mutants", len(work), console=progress
    ):
        if report.points == report.max_points:
            survivors.append((lesson.name, answer.exercise, changes[lesson.name, answer]))
    table = Table("lesson", "mutants", "noticed", "equivalent", "survived")
    for lesson in lessons:
        run = sum(each is lesson for each, _ in work)
        alive = sum(name == lesson.name for name, _, _ in survivors)
        same = len(equivalents[lesson.name])
        table.add_row(lesson.name, *map(str, (run + same, run - alive, same, alive)))
    console.print(table)
    for name, its_exercise, change in survivors:
        console.print(f"survived: {name} [{its_exercise}] {change}", markup=False, soft_wrap=True)
    for line in stale:
        console.print(f"no such change any more: {line}", markup=False, soft_wrap=True)
    sys.exit(bool(survivors or stale))


if __name__ == "__main__":
    main()
