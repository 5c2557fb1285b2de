"""The kernel provisioner of a student's own JupyterLab, on any system."""

from __future__ import annotations

import sys
from typing import Any

from jupyter_client.provisioning.local_provisioner import LocalProvisioner


def home_provisioner(**options: Any) -> LocalProvisioner:
    """Make what starts a kernel: warm on Linux, elsewhere, where nothing forks, Jupyter's own."""
    if sys.platform != "linux":
        return LocalProvisioner(**options)
    from .provisioner import HomeProvisioner

    return HomeProvisioner(**options)
