# SPDX-License-Identifier: EUPL-1.2
"""Runs a program as systemd would with socket activation:
    handover.py NAME=FD[,NAME=FD…] PROGRAM ARG…
The inherited sockets become descriptors 3, 4, …; their names go into the environment."""
import fcntl
import os
import sys

pairs = [p.split("=") for p in sys.argv[1].split(",")]
high = [fcntl.fcntl(int(fd), fcntl.F_DUPFD, 100) for _, fd in pairs]
for n, fd in enumerate(high):
    os.dup2(fd, 3 + n, inheritable=True)
    os.close(fd)
os.environ.update(LISTEN_PID=str(os.getpid()), LISTEN_FDS=str(len(pairs)),
                  LISTEN_FDNAMES=":".join(name for name, _ in pairs))
os.execv(sys.argv[2], sys.argv[2:])
