"""Runs inside a namespace: listens and connects as it is told, one JSON object a line each way.

It is started as a script, so it imports nothing of the emulator.
"""

import contextlib
import errno
import itertools
import json
import socket
import sys
import threading

_PORTS = itertools.cycle(range(20_000, 65_536))
"""Source ports: each once, so that no two connections of a namespace are one to conntrack."""
_KINDS = {"TCP": socket.SOCK_STREAM, "UDP": socket.SOCK_DGRAM}


def main() -> None:
    """Answer each line on standard input with one on standard output."""
    for line in sys.stdin:
        order = json.loads(line)
        print(json.dumps(_ACTS[order["do"]](order)), flush=True)


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
    """One connection: its own end, and what answered, or how it failed."""
    with socket.socket(socket.AF_INET, _KINDS[order["protocol"]]) as client:
        client.settimeout(order["timeout"])
        _bind(client, order["source"])
        own = ":".join(map(str, client.getsockname()))
        try:
            client.connect((order["destination"], order["port"]))
            if order["protocol"] == "UDP":
                with contextlib.suppress(PermissionError):  # its own rules stop it: refused or not
                    client.send(b"?")
            return {"own": own, **json.loads(client.recv(4096))}
        except TimeoutError:
            return {"own": own, "failed": "silence"}
        except OSError as error:
            refused = error.errno in (errno.ECONNREFUSED, errno.ECONNRESET)
            failed = "refused" if refused else errno.errorcode.get(error.errno or 0, "?")
            return {"own": own, "failed": failed}


def _bind(client: socket.socket, address: str) -> None:
    """Take the next port that nothing here listens at."""
    for port in _PORTS:
        try:
            return client.bind((address, port))
        except OSError as error:
            if error.errno != errno.EADDRINUSE:
                raise


def _count(order: dict) -> dict:  # type: ignore[type-arg]
    """So many connections, and how many ended at each endpoint or failed in each way."""
    landed: dict[str, int] = {}
    for _ in range(order["times"]):
        answer = _connect(order)
        where = answer.get("endpoint") or answer["failed"]
        landed[where] = landed.get(where, 0) + 1
    return landed


_ACTS = {"listen": _listen, "connect": _connect, "count": _count}

if __name__ == "__main__":
    main()
