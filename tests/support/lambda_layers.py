"""What a function finds on AWS besides its own code: recorded facts, each with its source.

A managed layer cannot be downloaded without an account, so the facts here are from its build recipe and its users, and
the worst of them where they differ.
"""

from collections.abc import Iterable, Iterator
from importlib.metadata import requires
from pathlib import Path
from typing import Final

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT: Final = Path(__file__).resolve().parents[2]

# A function's code and all its layers, unzipped (AWS Lambda developer guide, "Lambda quotas"). The error that AWS gives
# says it in bytes: "Layers consume more than the available size of 262144000 bytes" (aws/aws-sdk-pandas#3331).
UNZIPPED_LIMIT: Final = 262_144_000

MIB: Final = 1024 * 1024
# AWS SDK for pandas: 167 MiB were measured of 3.15.1 and 3.16.0, and 204 of 3.16.1, the largest there ever was
# (aws/aws-sdk-pandas#3331). Since then its build fails beyond 180 MiB (building/verify-layer-size.sh).
PANDAS_LAYER_BYTES: Final = 204 * MIB
# Powertools 3.37.0 with all its extras, installed for Python 3.11 and x86_64 and thinned out as its own recipe does
# (aws-powertools/powertools-lambda-python, layer_v3/docker/Dockerfile): 27 306 601 bytes.
POWERTOOLS_LAYER_BYTES: Final = 27_306_601

# The runtime brings the AWS SDK with what that needs, and its own interface client (AWS Lambda developer guide,
# "Building Lambda functions with Python": /var/runtime).
RUNTIME: Final = ("awslambdaric", "boto3")
# Both recipes delete what the runtime brings: building/lambda/build-lambda-layer.sh and the Dockerfile above.
PANDAS_LAYER: Final = ("awswrangler",)
POWERTOOLS_LAYER: Final = ("aws-lambda-powertools[tracer]",)

# What the layer's pyarrow is built without (building/lambda/build-lambda-layer.sh): its cmake options name snappy and
# zlib, and turn the other codecs, ORC, Flight and Gandiva off; file systems of clouds and Substrait are never named.
ABSENT_CODECS: Final = frozenset({"zstd", "lz4", "lz4_raw", "brotli", "bz2"})
ABSENT_MODULES: Final = (
    *("_azurefs", "_cuda", "_dataset_orc", "_flight", "_gcsfs", "_hdfs", "_orc", "_s3fs", "_substrait"),
    *("flight", "gandiva", "orc", "substrait", "_pyarrow_cpp_tests", "tests"),
    *("libarrow_flight", "libarrow_python_flight"),
)
# Compute functions that Arrow has only where it is built with utf8proc. Since 3.16.1 the layer's recipe was changed to
# be without ICU (aws/aws-sdk-pandas#3336, #3342), and whether it has these still was not seen.
DOUBTFUL_FUNCTIONS: Final = (
    *("utf8_capitalize", "utf8_lower", "utf8_swapcase", "utf8_title", "utf8_upper", "utf8_normalize"),
    *(f"utf8_is_{kind}" for kind in ("alnum", "alpha", "decimal", "digit", "lower", "numeric", "printable", "space")),
    *("utf8_is_title", "utf8_is_upper", "utf8_split_whitespace"),
    *(f"utf8_{side}trim_whitespace" for side in ("", "l", "r")),
)


def dependencies_layer() -> tuple[str, ...]:
    """Return the distributions that the layer of dependencies brings beside the managed ones, with their versions."""
    lines = (ROOT / "functions/dependencies/managed/requirements.txt").read_text().splitlines()
    return tuple(line for line in lines if line and not line.startswith("#"))


def managed() -> tuple[str, ...]:
    """Return what brings all that a function may import, where the layers are the managed ones."""
    return (*RUNTIME, *PANDAS_LAYER, *POWERTOOLS_LAYER, *dependencies_layer())


def distributions(roots: Iterable[str]) -> frozenset[str]:
    """Return distributions by their canonical names, and what they need."""
    return frozenset(name for root in roots for name in _with_needed(Requirement(root), set()))


def _with_needed(requirement: Requirement, names: set[str]) -> Iterator[str]:
    name = canonicalize_name(requirement.name)
    if name in names:
        return
    names.add(name)
    yield name
    for line in requires(name) or ():
        needed = Requirement(line)
        extras = ("", *requirement.extras)
        if needed.marker is None or any(needed.marker.evaluate({"extra": extra}) for extra in extras):
            yield from _with_needed(needed, names)
