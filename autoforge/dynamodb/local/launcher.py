"""Replaces itself by a program with an empty environment, which ends with the parent process.

Run as a program on Linux: ``launcher.py PARENT PROGRAM [ARGUMENT]...``. The kernel kills the
program when the thread of the parent that started it ends (prctl(2), PR_SET_PDEATHSIG).
"""

import ctypes
import os
import signal
import sys

_PR_SET_PDEATHSIG = 1

if __name__ == "__main__":
    parent, program, *arguments = sys.argv[1:]
    if ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL):
        sys.exit("prctl failed")
    if os.getppid() == int(parent):  # otherwise the parent ended before prctl was called
        os.execve(program, [program, *arguments], {})  # noqa: S606 - what the parent names
