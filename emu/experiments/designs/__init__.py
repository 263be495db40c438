"""Designs of a sweep, one file each: which points are run, of the values that paths may take.

The contract of a design:

``SAMPLES``
    whether it is told how many points to take; else they follow from the values
``points(axes, count, seed)``
    the points, each with one value for every axis; ``count`` and ``seed`` are for those that sample
"""

import sys

from emu.registry import Registry

DESIGNS = Registry(sys.modules[__name__], "design")
