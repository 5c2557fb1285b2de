"""JupyterLab as `make lab` opens it."""

from pathlib import Path

c = get_config()  # type: ignore[name-defined]  # noqa: F821 (traitlets gives it)
c.LabApp.custom_css = True
c.ServerApp.static_custom_path = [str(Path(__file__).parent / "custom")]
# The contained kernels are for grading: they end after some minutes, with all that they wrote.
c.KernelSpecManager.allowed_kernelspecs = {"python3"}
