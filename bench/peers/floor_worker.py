"""Sends each frame (length, u32 little-endian; bytes) back as it came: what is left when a worker does nothing."""

import socket
import sys

connection = socket.socket(socket.AF_UNIX)
connection.connect(sys.argv[1])
while received := connection.recv(1 << 16):
    connection.sendall(received)
