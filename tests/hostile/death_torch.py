# %% [markdown]
# Sudden death. The other exercise keeps its points where its tests had their turn.

# %% attack="exit-in-the-tests" verdict="killed" says="exit status 0"
import os


def double(x):
    os._exit(0)


# %% attack="exit-in-the-cell" verdict="killed" says="exit status 3"
import os

os._exit(3)

# %% attack="segmentation-fault" verdict="killed" says="signal 11"
import ctypes


def double(x):
    return ctypes.string_at(0)


# %% attack="abort" verdict="killed" says="signal 6"
import os


def double(x):
    os.abort()


# %% attack="kills-itself" verdict="killed" says="signal 9"
import os
import signal


def double(x):
    os.kill(os.getpid(), signal.SIGKILL)


# %% attack="kills-its-parent" verdict="errored" says="PermissionError"
import os
import signal


def double(x):
    os.kill(os.getppid(), signal.SIGKILL)
    return 2 * x


# %% attack="kills-everybody" verdict="passed|errored|killed"
import os
import signal


def double(x):
    os.kill(-1, signal.SIGKILL)
    return 2 * x


# %% attack="sys-exit" verdict="errored" says="SystemExit"
import sys


def double(x):
    sys.exit(0)


# %% attack="ask-exit" verdict="killed|passed" rest="killed|passed"
get_ipython().ask_exit()


def double(x):
    return 2 * x


# %% attack="ask-exit-in-the-tests" verdict="failed|killed" rest="passed|killed"
def double(x):
    get_ipython().ask_exit()
    return 3 * x


# %% attack="closes-everything" verdict="killed|errored|timed out|tampered"
import os


def double(x):
    os.closerange(0, 1000)
    return 2 * x


# %% attack="exits-later" verdict="killed" rest="passed|killed"
import os
import threading
import time


def leave():
    time.sleep(0.3)
    os._exit(0)


def double(x):
    threading.Thread(target=leave, daemon=True).start()
    time.sleep(0.6)
    return 2 * x
