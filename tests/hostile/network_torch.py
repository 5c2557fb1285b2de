# %% [markdown]
# The network, of which there is none; attempts aim at 127.0.0.1.

# %% attack="tcp" verdict="passed"
import socket
import urllib.request

for attempt in (
    lambda: socket.create_connection(("127.0.0.1", 22), timeout=1),
    lambda: urllib.request.urlopen("http://127.0.0.1:@PORT@/", timeout=1),
):
    try:
        attempt()
        print("LEAK")
    except OSError as error:
        print("refused", error)


def double(x):
    return 2 * x


# %% attack="udp-and-dns" verdict="passed"
import socket

for attempt in (
    lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b"?", ("127.0.0.1", 53)),
    lambda: socket.getaddrinfo("localhost.localdomain", 80, type=socket.SOCK_STREAM)[0][9],
    lambda: socket.socket(socket.AF_INET6),
    lambda: socket.socket(socket.AF_NETLINK, socket.SOCK_RAW),
):
    try:
        attempt()
        print("LEAK")
    except (OSError, IndexError) as error:
        print("refused", error)


def double(x):
    return 2 * x


# %% attack="listening" verdict="passed"
import socket

try:
    server = socket.create_server(("127.0.0.1", 0))
    print("LEAK", server)
except OSError as error:
    print("refused", error)


def double(x):
    return 2 * x


# %% attack="from-a-child" verdict="passed"
import subprocess
import sys

code = "import socket; socket.create_connection(('127.0.0.1', @PORT@)); print('LEAK')"
print(subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout)


def double(x):
    return 2 * x


# %% attack="other-kernels-socket" verdict="passed"
import glob
import socket

for path in [*glob.glob("/tmp/scratch-*/kernel-*"), *glob.glob("@SCRATCH@/scratch-*/kernel-*")]:
    print("LEAK", path)
try:
    socket.socket(socket.AF_UNIX).connect("@SCRATCH@/agent")
    print("LEAK")
except OSError as error:
    print("refused", error)


def double(x):
    return 2 * x
