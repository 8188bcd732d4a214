"""Reads a whole file into memory at each command, and does nothing else."""

import sys

print(flush=True)
for _ in sys.stdin:
    with open(sys.argv[1], "rb", buffering=0) as file:
        content = file.read()
    del content
    print(flush=True)
