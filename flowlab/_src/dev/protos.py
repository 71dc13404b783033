"""Write ``formats/messages.binpb``, the compiled form of the message definitions in ``formats/protos``.

    python -m pip install grpcio-tools
    python flowlab/_src/dev/protos.py

Only whoever changes a ``.proto`` file needs the compiler; the result is committed. Nothing of flowlab is imported.
"""

import subprocess
import sys
from pathlib import Path

FORMATS = Path(__file__).parents[1] / "formats"
SOURCES = FORMATS / "protos"
RESULT = FORMATS / "messages.binpb"


def main() -> int:
    """Run the compiler; the exit status is its own."""
    files = [path.name for path in sorted(SOURCES.glob("*.proto"))]
    compiler = [sys.executable, "-m", "grpc_tools.protoc"]
    options = [f"--proto_path={SOURCES}", "--include_imports", f"--descriptor_set_out={RESULT}"]
    return subprocess.run([*compiler, *options, *files], check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
