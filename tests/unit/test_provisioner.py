"""Kernels that anybody's Jupyter starts are contained, and see no more than they should."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest
from jupyter_client.kernelspec import KernelSpecManager
from jupyter_client.manager import KernelManager
from nbclient import NotebookClient
from nbformat.v4 import new_code_cell, new_notebook

from grader import provisioner, sandbox
from grader.provisioner import copy_inputs, guess_framework


@pytest.fixture
def folders(tmp_path: Path) -> tuple[Path, Path]:
    source, target = tmp_path / "source", tmp_path / "target"
    source.mkdir()
    target.mkdir()
    return source, target


def names(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*"))


def test_plain_files_come_along(folders: tuple[Path, Path]) -> None:
    source, target = folders
    (source / "images").mkdir()
    (source / "images" / "cat.png").write_bytes(b"png")
    (source / "data.csv").write_text("1,2")
    (source / "helpers.py").write_text("x = 1")
    copy_inputs(source, target)
    assert names(target) == ["data.csv", "helpers.py", "images", "images/cat.png"]
    assert (target / "data.csv").read_text() == "1,2"


@pytest.mark.parametrize(
    "name",
    ["torch.py", "random.py", "numpy/__init__.py", ".secret", "__pycache__/a.pyc", "b.ipynb"],
)
def test_notebooks_hidden_files_and_namesakes_of_modules_stay_behind(
    folders: tuple[Path, Path], name: str
) -> None:
    source, target = folders
    (source / name).parent.mkdir(exist_ok=True)
    (source / name).write_text("x")
    copy_inputs(source, target)
    assert names(target) == []


def test_links_pipes_and_deep_folders_stay_behind(
    folders: tuple[Path, Path], tmp_path: Path
) -> None:
    source, target = folders
    (tmp_path / "host").mkdir()
    (tmp_path / "host" / "secret").write_text("x")
    (source / "link").symlink_to(tmp_path / "host" / "secret")
    (source / "folder").symlink_to(tmp_path / "host")
    (source / "a" / "b" / "c" / "d").mkdir(parents=True)
    (source / "a" / "b" / "c" / "d" / "deep").write_text("x")
    provisioner.os.mkfifo(source / "pipe")
    copy_inputs(source, target)
    assert names(target) == []


def test_what_is_too_much_stays_behind(
    folders: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    source, target = folders
    monkeypatch.setattr(provisioner, "COPIED_MB", 1)
    monkeypatch.setattr(provisioner, "COPIED_FILES", 2)
    for name in ("a", "b", "c"):
        (source / name).write_text("x")
    copy_inputs(source, target)
    assert names(target) == ["a", "b"]
    (source / "a").write_bytes(b"1" * (2 << 20))
    copy_inputs(source, target / "more")
    assert not (target / "more").exists()


def test_the_kernel_specs_are_installed() -> None:
    specs = KernelSpecManager().get_all_specs()
    assert {"grader-torch", "grader-tensorflow"} <= set(specs)


def test_a_stock_client_gets_a_contained_kernel_and_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    (tmp_path / "inputs").mkdir()
    nb = new_notebook(
        cells=[
            new_code_cell("import glob, socket, torch\nglob.glob('*')"),
            new_code_cell("socket.socket()"),
        ]
    )
    folder = {"metadata": {"path": str(tmp_path / "inputs")}}
    NotebookClient(nb, resources=folder, kernel_name="grader-torch", allow_errors=True).execute()
    assert nb.cells[0].outputs[0].data["text/plain"] == "[]"
    assert nb.cells[1].outputs[0].ename == "PermissionError"
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith("scratch")] == []


def test_a_client_may_ask_for_a_history_in_memory_too() -> None:
    nb = new_notebook(cells=[new_code_cell("1 + 1")])
    twice = ["--HistoryManager.hist_file=:memory:"]
    NotebookClient(nb, kernel_name="grader-torch", extra_arguments=twice).execute()
    assert nb.cells[0].outputs[0].data["text/plain"] == "2"


def test_a_figure_is_drawn() -> None:
    code = "import matplotlib.pyplot as plt\nplt.plot([1, 2]);"
    nb = new_notebook(cells=[new_code_cell(code)])
    NotebookClient(nb, kernel_name="grader-torch").execute()
    assert nb.cells[0].outputs[0].data["image/png"]


def test_a_command_of_the_shell_prints_and_leaves_its_status() -> None:
    nb = new_notebook(
        cells=[
            new_code_cell("!printf 'größe\\n'; echo on stderr >&2; exit 3"),
            new_code_cell("_exit_code"),
            new_code_cell("!kill -9 $$"),
            new_code_cell("_exit_code"),
            new_code_cell("!cat"),  # there is nothing to read
            new_code_cell("!!echo listed"),
            new_code_cell("%%bash\necho from bash"),
        ]
    )
    NotebookClient(nb, kernel_name="grader-torch").execute()
    # What a command prints may come in any number of pieces.
    shown = [
        "".join(o.get("text") or o["data"]["text/plain"] for o in cell.outputs)
        for cell in nb.cells
        if cell.outputs
    ]
    assert shown == [
        "größe\non stderr\n",
        "3",
        "-9",
        "['listed']",
        "from bash\n",
    ]


@pytest.fixture
def desk(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let Jupyter find what `make lab` shows it."""
    monkeypatch.setenv("JUPYTER_PATH", str(Path(provisioner.__file__).parent / "jupyter"))


@pytest.mark.usefixtures("desk")
def test_at_home_a_kernel_is_warm_and_works_in_its_notebooks_folder_as_any_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "blocks_torch.ipynb").touch()
    (tmp_path / "helpers.py").write_text("answer = 42")
    monkeypatch.setenv("NAME_OF_THE_STUDENT", "Ada")
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    kernel = KernelManager(kernel_name="python3")
    assert kernel.kernel_spec.display_name == "Frameworks inside"
    nb = new_notebook(
        cells=[
            new_code_cell("import sys\nassert 'torch' in sys.modules"),
            new_code_cell(
                "import os, helpers\nprint(os.environ['NAME_OF_THE_STUDENT'], helpers.answer)"
            ),
            new_code_cell("assert 'OMP_NUM_THREADS' not in os.environ"),
            new_code_cell("open('kept.txt', 'w').write('x' * (65 << 20))"),
            new_code_cell("!echo from the shell"),
            new_code_cell("'helpers' in dir()"),
        ]
    )
    client = NotebookClient(nb, km=kernel, resources={"metadata": {"path": str(tmp_path)}})
    with client.setup_kernel():
        for index, cell in enumerate(nb.cells[:-1]):
            client.execute_cell(cell, index)
        kernel.restart_kernel(now=True)
        client.kc.wait_for_ready(timeout=300)
        client.execute_cell(nb.cells[-1], len(nb.cells) - 1)
        scratch = kernel.provisioner._scratch
        client.kc.stop_channels()
        kernel.shutdown_kernel()
    assert nb.cells[1].outputs[0].text == "Ada 42\n"
    assert nb.cells[4].outputs[0].text.strip() == "from the shell"
    assert nb.cells[-1].outputs[0].data["text/plain"] == "False"
    assert (tmp_path / "kept.txt").stat().st_size == 65 << 20
    assert not scratch.exists()


@pytest.mark.usefixtures("desk")
def test_at_home_where_nothing_forks_kernels_start_as_jupyter_starts_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.platform", "darwin")
    nb = new_notebook(
        cells=[new_code_cell("import os, sys\nprint(os.getcwd(), 'grader' in sys.modules)")]
    )
    folder = {"metadata": {"path": str(tmp_path)}}
    NotebookClient(nb, resources=folder, kernel_name="python3").execute()
    assert nb.cells[0].outputs[0].text == f"{tmp_path} False\n"


def test_which_framework_a_kernel_will_import_is_told_by_its_notebook(tmp_path: Path) -> None:
    assert guess_framework("03_blocks/blocks_tensorflow.ipynb", tmp_path) == "tensorflow"
    assert guess_framework("scratch.ipynb", tmp_path) == "none"
    assert guess_framework("", tmp_path) == "none"
    for age, name in enumerate(("blocks_torch", "blocks_tensorflow", "notes")):
        path = tmp_path / f"{name}.ipynb"
        path.touch()
        provisioner.os.utime(path, (1000 - age, 1000 - age))
    assert guess_framework("", tmp_path) == "torch"


def test_where_nothing_can_be_contained_a_kernel_does_not_start(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sandbox, "_lacking_landlock", lambda: "no Landlock here")
    monkeypatch.setattr(sandbox, "_lacking_namespaces", lambda: "no namespaces either")
    nb = new_notebook(cells=[new_code_cell("1")])
    with pytest.raises(sandbox.SandboxError, match="no Landlock here; no namespaces either"):
        NotebookClient(nb, kernel_name="grader-torch").execute()
