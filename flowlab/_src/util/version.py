"""Version numbers: flowlab's own, and the TensorFlow release whose behaviour it follows."""

import platform

from flowlab._src.util.export import export

__version__ = "0.1.0"  # flowlab's own; the public names below tell it by GIT_VERSION

# Programs ask for these to choose between TensorFlow 1 and 2, so they name the release that is re-implemented.
VERSION = export("VERSION", "version.VERSION", "__version__")("1.15.0")
GIT_VERSION = export("GIT_VERSION", "version.GIT_VERSION")(f"flowlab-{__version__}")
COMPILER_VERSION = export("COMPILER_VERSION", "version.COMPILER_VERSION")(f"Python {platform.python_version()}")

# The versions of graph files that are written and understood.
GRAPH_DEF_VERSION = export("GRAPH_DEF_VERSION", "version.GRAPH_DEF_VERSION")(134)
GRAPH_DEF_VERSION_MIN_CONSUMER = export("GRAPH_DEF_VERSION_MIN_CONSUMER", "version.GRAPH_DEF_VERSION_MIN_CONSUMER")(0)
GRAPH_DEF_VERSION_MIN_PRODUCER = export("GRAPH_DEF_VERSION_MIN_PRODUCER", "version.GRAPH_DEF_VERSION_MIN_PRODUCER")(0)

# How TensorFlow's C++ was compiled; here there is none.
CXX11_ABI_FLAG = export("CXX11_ABI_FLAG", "sysconfig.CXX11_ABI_FLAG")(0)
MONOLITHIC_BUILD = export("MONOLITHIC_BUILD", "sysconfig.MONOLITHIC_BUILD")(0)
