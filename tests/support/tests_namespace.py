"""Makes ``tests.audit`` and its like importable: the Lambdas in ``functions/tests`` share this folder's name.

Outside pytest ``tests`` is a namespace package of both folders; pytest makes it a package of this one alone.
"""

from pathlib import Path

import tests

LAMBDAS = str(Path(__file__).resolve().parents[2] / "functions" / "tests")

if LAMBDAS not in tests.__path__:
    tests.__path__ = [*tests.__path__, LAMBDAS]
