# %% [markdown]
# Time. Each of them is bounded to a minute by itself.

# %% attack="endless-loop" verdict="timed out" says="ran longer than 8 s"
import time


def double(x):
    until = time.monotonic() + 60
    while time.monotonic() < until:
        pass
    return 2 * x


# %% attack="endless-loop-in-the-cell" verdict="timed out" says="ran longer than 8 s"
import time


def double(x):
    return 2 * x


until = time.monotonic() + 60
while time.monotonic() < until:
    pass

# %% attack="swallows-interrupts" verdict="timed out"
import signal
import time

for number in (signal.SIGINT, signal.SIGTERM, signal.SIGALRM):
    signal.signal(number, signal.SIG_IGN)


def double(x):
    until = time.monotonic() + 60
    while time.monotonic() < until:
        try:
            time.sleep(1)
        except BaseException:
            pass
    return 2 * x


# %% attack="holds-the-lock" verdict="timed out"
from collections import deque
from itertools import repeat


def double(x):
    deque(repeat(None, 4 * 10**9), maxlen=0)  # one call of C, which looks at nothing meanwhile
    return 2 * x


# %% attack="stopped" verdict="timed out"
import os
import signal


def double(x):
    os.kill(os.getpid(), signal.SIGSTOP)
    return 2 * x


# %% attack="added-up" verdict="timed out" says="the notebook ran longer than 16 s" rest="timed out"
import time

time.sleep(5.6)


def double(x):
    time.sleep(1.8)
    return 2 * x


def total(numbers):
    time.sleep(5.6)
    return float(sum(numbers))
