# %% [markdown]
# Memory, disk and output.

# %% attack="large-tensor" verdict="out of memory"
def double(x):
    torch.ones(10**9)
    return 2 * x


# %% attack="growth" verdict="out of memory"
import time


def double(x):
    kept, until = [], time.monotonic() + 60
    while time.monotonic() < until and len(kept) < 4000:
        kept.append(torch.ones(2**18))
    return 2 * x


# %% attack="growth-of-children" verdict="out of memory"
import subprocess
import sys
import time

grow = "import time; kept = bytearray(2**28); kept[::4096] = b'1' * 2**16; time.sleep(30)"


def double(x):
    for _ in range(6):
        subprocess.Popen([sys.executable, "-S", "-c", grow])
    time.sleep(3)
    return 2 * x


# %% attack="memory-without-a-name" verdict="passed|out of memory"
import mmap
import os
import time


def fill(block):
    for _ in range(64):
        block.write(b"1" * 2**20)


def double(x):
    kept = []
    for _ in range(20):
        try:
            kept.append(mmap.mmap(-1, 2**26))
            fill(kept[-1])
        except (OSError, ValueError):
            return 2 * x
    time.sleep(1)
    print("LEAK", len(kept))
    return 2 * x


# %% attack="memory-file" verdict="passed|out of memory"
import os
import time


def double(x):
    kept = []
    for number in range(100):
        try:
            kept.append(os.memfd_create(str(number)))
            for _ in range(15):
                os.write(kept[-1], b"1" * 2**20)
        except OSError:
            return 2 * x
    time.sleep(1)
    print("LEAK", len(kept))
    return 2 * x


# %% attack="sparse-file" verdict="errored" says="File too large"
def double(x):
    with open("sparse", "wb") as file:
        file.truncate(100 * 2**30)
    return 2 * x


# %% attack="many-files" verdict="out of memory|timed out" says="was stopped"
import os
import time


def double(x):
    until, number = time.monotonic() + 60, 0
    while time.monotonic() < until and number < 12_000:
        folder = f"many/{number // 1000}"
        if number % 1000 == 0:
            os.makedirs(folder)
        os.close(os.open(f"{folder}/{number}", os.O_CREAT))
        number += 1
    time.sleep(2)
    return 2 * x


# %% attack="many-bytes" verdict="out of memory" says="files"
import time


def double(x):
    for number in range(100):
        with open(f"large-{number}", "wb") as file:
            for _ in range(15):
                file.write(b"1" * 2**20)
    time.sleep(2)
    return 2 * x


# %% attack="long-lines" verdict="passed" says="cut the output"
for _ in range(20):
    print("x" * 100_000)


def double(x):
    return 2 * x


# %% attack="many-lines" verdict="passed"
for number in range(60_000):
    print(number)


def double(x):
    return 2 * x


# %% attack="huge-display" verdict="passed" says="cut the output"
from IPython.display import HTML, display

display(HTML("<p>" * 10**7))


def double(x):
    return 2 * x


# %% attack="huge-error" verdict="passed" says="cut the output"
def double(x):
    return 2 * x


raise ValueError("x" * 10**7)


# %% attack="huge-message" verdict="errored" says="ValueError"
def double(x):
    raise ValueError("y" * 10**7)


# %% attack="endless-recursion" verdict="errored" says="RecursionError"
def double(x):
    return double(x)
