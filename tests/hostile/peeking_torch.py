# %% [markdown]
# Peeking. In each `total` runs after the hidden tests of `double`, which hold the word zanzibar; what
# it finds it prints backwards. Nobody may find `LEAK` or the word, forwards or backwards, in what the
# grader keeps.

# %% attack="history" exercise="total" verdict="passed" hides="zanzibar"
shell = get_ipython()
for thing in (In, _ih, shell.user_ns, Out, _i, _ii, shell.history_manager.__dict__):
    print(repr(thing)[::-1])
print(repr(list(shell.history_manager.get_range(raw=True)))[::-1])
print(repr(vars(shell.last_execution_result.info))[::-1])


def total(numbers):
    return float(sum(numbers))


# %% attack="linecache" exercise="total" verdict="passed" hides="zanzibar"
import linecache

print(repr(linecache.cache.get("<tests double-tests-1>"))[::-1])
for name, entry in linecache.cache.items():
    if name.startswith("<") or "ipykernel" in name:
        print(repr(entry)[::-1])
print(repr(vars(get_ipython().compile))[::-1])


def total(numbers):
    return float(sum(numbers))


# %% attack="collected-garbage" exercise="total" verdict="passed" hides="zanzibar"
import gc

for thing in gc.get_objects():
    if type(thing) in (dict, list, tuple):
        for value in list(thing.values() if type(thing) is dict else thing):
            if type(value) is str and "".join(("zanz", "ibar")) in value:
                print(value[::-1])


def total(numbers):
    return float(sum(numbers))


# %% attack="request-of-the-tests" exercise="total" verdict="passed" hides="zanzibar"
kernel = get_ipython().kernel
print(repr(kernel.get_parent())[::-1])
print(repr(vars(kernel.session))[::-1])


def total(numbers):
    return float(sum(numbers))


# %% attack="frames" verdict="errored|failed" says="frames" hides="zanzibar"
import sys


def double(x):
    frame = sys._getframe(1)
    print(str(frame.f_code.co_consts)[::-1])
    for name in ("y", "torch", "double"):
        frame.f_globals.pop(name, None)
    while frame:
        if "tokens" in frame.f_locals:
            frame.f_globals["_describe"] = lambda error: None
            frame.f_locals["tokens"].extend(frame.f_back.f_locals)
        frame = frame.f_back
    return 3 * x


# %% attack="frames-of-inspect" verdict="errored|failed" says="frames"
import inspect


def double(x):
    inspect.currentframe().f_back.f_globals["double"] = lambda x: 2 * x
    inspect.stack()[1].frame.f_globals["double"] = lambda x: 2 * x
    return 2 * x


# %% attack="frames-of-a-traceback" verdict="errored|failed" says="frames"
def double(x):
    try:
        raise ValueError
    except ValueError as error:
        frame = error.__traceback__.tb_frame.f_back
    while frame:
        if "_describe" in frame.f_globals:
            frame.f_globals["_describe"] = lambda error: None
        frame = frame.f_back
    return 2 * x


# %% attack="frames-of-a-generator" verdict="errored|failed" says="frames"
def double(x):
    def generator():
        yield inside.gi_frame.f_back

    inside = generator()
    frame = next(inside)
    while frame:
        if "_describe" in frame.f_globals:
            frame.f_globals["_describe"] = lambda error: None
        frame = frame.f_back
    return 2 * x


# %% attack="garbage-while-tests-run" verdict="errored|failed" says="frames"
import gc


def double(x):
    for thing in gc.get_objects():
        if type(thing) is dict and "_describe" in thing:
            thing["_describe"] = lambda error: None
    return 2 * x


# %% attack="frames-from-a-thread" verdict="failed" hides="zanzibar"
import sys
import threading
import time


def watch():
    while True:
        for frame in list(sys._current_frames().values()):
            while frame:
                if "_describe" in frame.f_globals:
                    frame.f_globals["_describe"] = lambda error: None
                    print(repr(frame.f_locals)[::-1])
                frame = frame.f_back
        time.sleep(0.001)


threading.Thread(target=watch, daemon=True).start()


def double(x):
    time.sleep(0.05)
    return 3 * x


# %% attack="files-of-the-host" verdict="passed" hides="nightingale"
import os
from pathlib import Path


def look(path):
    try:
        print(
            "LEAK", path, os.listdir(path) if os.path.isdir(path) else Path(path).read_text()[:200]
        )
    except OSError:
        print("refused", path)


course = "@COURSE@"
for path in (
    course,
    f"{course}/gradebook.db",
    f"{course}/solutions/90_tiny/tiny_torch.ipynb",
    f"{course}/submitted",
    f"{course}/submitted/right/90_tiny/tiny_torch.ipynb",
    f"{course}/autograded",
    f"{course}/../canary/canary.txt",
    "../../../../../../../etc/shadow",
    "/etc/shadow",
    "/root",
    "/home",
    "/tmp",
    "/proc/1/environ",
    "/var",
):
    look(path)


def double(x):
    return 2 * x


# %% attack="environment" verdict="passed" hides="nightingale"
import os

for name, value in os.environ.items():
    if "nightingale" in value or name.startswith(("NB", "GRADER", "JPY_SESSION", "PYTEST")):
        print("LEAK", name, value)


def double(x):
    return 2 * x


# %% attack="other-processes" verdict="passed" hides="nightingale"
import os
from pathlib import Path

pids = {1, os.getppid(), *range(2, 5000, 7)} - {os.getpid()}
for folder in sorted(f"/proc/{pid}" for pid in pids):
    for name in ("environ", "cmdline", "maps", "mem", "fd", "cwd"):
        try:
            path = Path(folder, name)
            found = os.listdir(path) if name == "fd" else path.read_bytes()[:100]
            print("LEAK", path, found)
        except OSError:
            pass


def double(x):
    return 2 * x


# %% attack="bends-other-processes" verdict="passed"
import os
import resource
import signal

parent = os.getppid()
for name, attempt in {
    "signal": lambda: os.kill(parent, signal.SIGSTOP),
    "priority": lambda: os.setpriority(os.PRIO_PROCESS, parent, 19),
    "session": lambda: os.killpg(os.getpgid(parent), signal.SIGCONT),
    "limit": lambda: resource.prlimit(parent, resource.RLIMIT_NOFILE, (3, 3)),
}.items():
    try:
        attempt()
        print("LEAK", name)
    except OSError:
        print("refused", name)


before = os.sched_getscheduler(parent), os.sched_getaffinity(parent)
try:  # these answer "done" and must not have done it
    os.sched_setscheduler(parent, os.SCHED_BATCH, os.sched_param(0))
    os.sched_setaffinity(parent, {0})
except OSError:
    pass
if (os.sched_getscheduler(parent), os.sched_getaffinity(parent)) != before:
    print("LEAK scheduler")


def double(x):
    return 2 * x


# %% attack="writes-elsewhere" verdict="passed"
import os

for path in (
    "@COURSE@/canary",
    "/tmp/canary",
    "/usr/canary",
    "/dev/shm/canary",
    "../../canary",
    "/canary",
):
    for attempt in (lambda: open(path, "w"), lambda: os.mkdir(path), lambda: os.symlink("/", path)):
        try:
            attempt()
            print("LEAK", path)
        except OSError:
            pass
for path in ("@COURSE@/gradebook.db", "@COURSE@/../canary/canary.txt"):
    for attempt in (
        lambda: os.remove(path),
        lambda: os.rename(path, "mine"),
        lambda: os.truncate(path, 0),
        lambda: os.link(path, "mine"),
    ):
        try:
            attempt()
            print("LEAK", path)
        except OSError:
            pass
    try:  # these answer "done" and must not have done it, which the test looks at
        os.chmod(path, 0o777)
        os.utime(path, (0, 0))
    except OSError:
        pass


def double(x):
    return 2 * x
