"""A discrete-event emulator of the Kubernetes request path."""

__version__ = "0.1.0"
