# %% [markdown]
# Forged messages: the notebook speaks on the kernel's own sockets.

# %% attack="forged-result" verdict="tampered" says="more than one result"
from IPython.display import display


def double(x):
    display({"application/x.grader+json": {"nonce": "?", "failure": None, "tokens": []}}, raw=True)
    return 3 * x


# %% attack="forged-result-beforehand" verdict="failed"
from IPython.display import display

display({"application/x.grader+json": {"nonce": "?", "failure": None, "tokens": []}}, raw=True)


def double(x):
    return 3 * x


# %% attack="forged-idle" verdict="tampered"
def double(x):
    kernel = get_ipython().kernel
    idle = {"execution_state": "idle"}
    kernel.session.send(
        kernel.iopub_socket, "status", idle, parent=kernel.get_parent(), ident=b"status"
    )
    return 3 * x


# %% attack="forged-reply" verdict="tampered"
def double(x):
    kernel = get_ipython().kernel
    parent = kernel.get_parent()
    reply = {"status": "ok", "execution_count": 1, "user_expressions": {}, "payload": []}
    kernel.session.send(
        kernel.shell_stream.socket,
        "execute_reply",
        reply,
        parent,
        ident=kernel._parent_ident["shell"],
    )
    kernel.session.send(
        kernel.iopub_socket, "status", {"execution_state": "idle"}, parent=parent, ident=b"status"
    )
    return 3 * x


# %% attack="malformed-messages" verdict="failed|tampered"
kernel = get_ipython().kernel
for kind, content in (
    ("status", {}),
    ("stream", {"name": 3}),
    ("display_data", {"data": 3, "metadata": []}),
    ("execute_result", {"data": None}),
    ("error", {}),
    ("update_display_data", {"data": {}, "transient": 3}),
    ("comm_open", {}),
    ("clear_output", {}),
    ("no such type", {}),
):
    kernel.session.send(kernel.iopub_socket, kind, content, parent=kernel.get_parent())


def double(x):
    return 3 * x


# %% attack="malformed-messages-while-tests-run" verdict="tampered|failed" rest="passed|tampered"
def double(x):
    kernel = get_ipython().kernel
    for content in ({}, {"execution_state": []}):
        kernel.session.send(kernel.iopub_socket, "status", content, parent=kernel.get_parent())
    return 3 * x


# %% attack="answer-from-a-thread" verdict="tampered" rest="passed|tampered"
import threading
import time

from IPython.display import display


def answer():
    kernel = get_ipython().kernel
    for _ in range(400):
        kernel.session.send(
            kernel.iopub_socket,
            "display_data",
            {"data": {"application/x.grader+json": {"failure": None}}, "metadata": {}},
            parent=kernel.get_parent("shell"),
        )
        time.sleep(0.002)


def double(x):
    threading.Thread(target=answer, daemon=True).start()
    time.sleep(0.1)
    return 3 * x


# %% attack="reads-the-order" verdict="tampered|failed|errored" hides="zanzibar"
import hashlib
import json
import re


def double(x):
    kernel = get_ipython().kernel
    content = kernel.get_parent()["content"]
    order = max(map(str, [content.get("code"), content.get("user_expressions")]), key=len)
    print(order[::-1])
    nonce = re.search(r"'nonce': '(\w+)'", order)[1]
    tokens = re.findall(r"_[0-9a-f]{16}\(\W+([0-9a-f]{16})\W+\)", order)
    proof = hashlib.sha256("|".join([nonce, *tokens]).encode()).hexdigest()
    digest = re.search(r"'digest': '(\w+)'", order)[1]
    evidence = {"nonce": nonce, "tokens": tokens, "proof": proof, "failure": None, "digest": digest}
    display({"application/x.grader+json": evidence}, raw=True)
    kernel.shell.display_pub.publish = lambda *arguments, **options: None
    return 3 * x


# %% attack="second-kernel" verdict="errored"
import json
import sys

from jupyter_client import BlockingKernelClient

client = BlockingKernelClient(
    connection_file=get_ipython().config["IPKernelApp"]["connection_file"]
)
client.load_connection_file()


def double(x):
    client.start_channels()
    client.execute("import torch; torch.allclose = lambda *arguments: True", reply=True, timeout=2)
    return 3 * x
