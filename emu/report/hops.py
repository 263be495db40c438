"""What the parts of a request's way are called."""

from typing import Final

HOPS: Final = {
    "dns": "resolving the name",
    "to_load_balancer": "to load balancer",
    "to_node": "to the node",
    "to_pod": "to the Pod",
    "queue": "waiting in the Pod",
    "service": "being served",
    "return": "back to the client",
}
REPEATED: Final = "until it was sent"
"""What takes the time of ``dns`` too where requests are sent again."""
