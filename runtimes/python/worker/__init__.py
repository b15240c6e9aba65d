"""The Python worker: runs one version of an algorithm and answers calls (runtimes/PROTOCOL.md)."""
