"""JupyterLab and Formgrader, pressed and read as people press and read them."""
