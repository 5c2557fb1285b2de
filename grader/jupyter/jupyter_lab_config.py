"""JupyterLab as `make lab` opens it."""

c = get_config()  # type: ignore[name-defined]  # noqa: F821 (traitlets gives it)
c.LabApp.custom_css = True
