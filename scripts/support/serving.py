"""How the Triton server that `scripts/setup --serving` installs is started with our backend.

Usage: serving.py BUILD REPOSITORY [the server's own options]. Becomes the server. Listens on
127.0.0.1, ports 8000 (HTTP), 8001 (gRPC) and 8002 (metrics), unless told otherwise.
"""

import os
import pathlib
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]


def packages():
    """The folder with the server's wheel; None where it is not installed."""
    found = sorted((ROOT / "build/pypi/serving").glob("lib/python3*/site-packages"))
    return found[0] if found and (found[0] / "pytriton/tritonserver/bin/tritonserver").exists() else None


def command(build, repository, *options):
    """The server's program with its arguments, and the environment it needs."""
    site = packages()
    if site is None:
        sys.exit("the Triton server is not installed (scripts/setup --serving)")
    program = site / "pytriton/tritonserver/bin/tritonserver"
    local = [f"--{what}-address=127.0.0.1" for what in ("http", "grpc", "metrics")]
    libraries = [str(site / "nvidia_pytriton.libs"), os.environ.get("LD_LIBRARY_PATH", "")]
    env = {**os.environ, "LD_LIBRARY_PATH": ":".join(filter(None, libraries))}
    # Plug-ins of ours lie beside the programs of the build, not beside the server.
    env.setdefault("TROIKA_PLUGIN_PATH", str(pathlib.Path(build) / "lib/troika"))
    return [str(program), f"--model-repository={repository}",
            f"--backend-directory={pathlib.Path(build) / 'lib/triton'}",
            "--allow-gpu-metrics=false", *local, *options], env


def main():
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    arguments, env = command(*sys.argv[1:])
    os.execve(arguments[0], arguments, env)


if __name__ == "__main__":
    main()
