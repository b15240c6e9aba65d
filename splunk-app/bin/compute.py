"""The search command `compute`: splunkd starts this file, and speaks with it on stdin and stdout (chunked = true)."""

import os
import sys

# splunkd logs each line on stderr as an error: what there is to say goes to replies and to the command's own log.
sys.stderr = open(os.devnull, "w")

from compute_bridge.command import main  # noqa: E402

if __name__ == "__main__":
    main(sys.stdin.buffer.raw, sys.stdout.buffer.raw)
