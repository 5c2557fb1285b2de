# %% [markdown]
# Processes: at most 200 each, none longer than a minute. Each carries the word that the tests look
# for among the processes that are left.

# %% attack="fork-bomb" verdict="killed|timed out" says="was stopped"
import os
import time


def double(x):
    for _ in range(70):
        if os.fork() == 0:
            time.sleep(60)
            os._exit(0)
    time.sleep(3)
    return 2 * x


# %% attack="fork-bomb-in-the-cell" verdict="killed" says="more processes"
import subprocess
import time

for _ in range(70):
    subprocess.Popen(["sleep", "@MARKER@"], start_new_session=True)
time.sleep(3)


def double(x):
    return 2 * x


# %% attack="thread-bomb" verdict="killed|out of memory|errored"
import threading
import time

threading.stack_size(2**16)


def double(x):
    for _ in range(2000):
        threading.Thread(target=time.sleep, args=(20,), daemon=True).start()
    time.sleep(2)
    return 2 * x


# %% attack="outlives-the-kernel" verdict="passed"
import subprocess

subprocess.Popen(["sleep", "@MARKER@"], start_new_session=True)
subprocess.Popen("sleep @MARKER@ & disown; sleep @MARKER@", shell=True, start_new_session=True)


def double(x):
    return 2 * x


# %% attack="daemon-that-waits-and-writes" verdict="failed"
import subprocess
import sys

code = """
import os, sqlite3, sys, time
if os.fork(): os._exit(0)
os.setsid()
if os.fork(): os._exit(0)
for _ in range(40):
    time.sleep(1)
    for path in ("@COURSE@/gradebook.db", "@COURSE@/../canary/canary.txt"):
        try:
            open(path, "a").write("@MARKER@")
        except OSError:
            pass
"""
subprocess.Popen([sys.executable, "-c", code, "@MARKER@"])


def double(x):
    return 3 * x


# %% attack="twin" verdict="passed|failed|tampered|killed|timed out" rest="passed|failed|tampered|killed|timed out"
import os


def double(x):
    os.fork()
    return 3 * x
