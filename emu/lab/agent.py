"""Runs inside a namespace: listens and connects as it is told, one JSON object a line each way.

It is started as a script, so it imports nothing of the emulator.
"""

import errno
import json
import socket
import sys
import threading

_KINDS = {"TCP": socket.SOCK_STREAM, "UDP": socket.SOCK_DGRAM}


def main() -> None:
    """Answer each line on standard input with one on standard output."""
    for line in sys.stdin:
        order = json.loads(line)
        act = _listen if order["do"] == "listen" else _connect
        print(json.dumps(act(order)), flush=True)


def _listen(order: dict) -> dict:  # type: ignore[type-arg]
    """Answer at a port for as long as this process lives, with who was reached by whom."""
    server = socket.socket(socket.AF_INET, _KINDS[order["protocol"]])
    server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    server.bind((order["address"], order["port"]))
    if order["protocol"] == "TCP":
        server.listen(1024)
    serve = _accept if order["protocol"] == "TCP" else _receive
    threading.Thread(target=serve, args=(server,), daemon=True).start()
    return {}


def _accept(server: socket.socket) -> None:
    while True:
        connection, peer = server.accept()
        with connection:
            connection.sendall(_told(connection.getsockname(), peer))


def _receive(server: socket.socket) -> None:
    while True:
        _, peer = server.recvfrom(64)
        server.sendto(_told(server.getsockname(), peer), peer)


def _told(own: tuple, peer: tuple) -> bytes:  # type: ignore[type-arg]
    return json.dumps({"endpoint": f"{own[0]}:{own[1]}", "peer": f"{peer[0]}:{peer[1]}"}).encode()


def _connect(order: dict) -> dict:  # type: ignore[type-arg]
    """One connection: what answered, or how it failed."""
    with socket.socket(socket.AF_INET, _KINDS[order["protocol"]]) as client:
        client.settimeout(order["timeout"])
        try:
            client.bind((order["source"], 0))
            client.connect((order["destination"], order["port"]))
            if order["protocol"] == "UDP":
                client.send(b"?")
            own, text = client.getsockname(), client.recv(4096)
        except TimeoutError:
            return {"failed": "silence"}
        except OSError as error:
            refused = error.errno in (errno.ECONNREFUSED, errno.ECONNRESET)
            return {"failed": "refused" if refused else errno.errorcode.get(error.errno or 0, "?")}
    return {**json.loads(text), "own": f"{own[0]}:{own[1]}"}


if __name__ == "__main__":
    main()
