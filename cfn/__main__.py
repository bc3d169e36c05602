"""Prints the template: ``python -m cfn > cfn/template.yaml``."""

from __future__ import annotations

import sys

from cfn.template import build

if __name__ == "__main__":
    sys.stdout.write(build().to_yaml())
