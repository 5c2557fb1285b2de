"""The server below the JupyterLab that `make lab` opens."""

from pathlib import Path

c = get_config()  # type: ignore[name-defined]  # noqa: F821 (traitlets gives it)
# Where JupyterLab looks for custom.css; Jupyter Server has no option for it.
c.ServerApp.tornado_settings = {"static_custom_path": [str(Path(__file__).parent / "custom")]}
# The contained kernels are for grading: they end after some minutes, with all that they wrote.
c.KernelSpecManager.allowed_kernelspecs = {"python3"}
