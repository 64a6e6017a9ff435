"""One check of an installed Troika: installs a build, moves it, and uses it as a stranger would.

Usage: package_test.py CHECK --build … --folder … --cmake … --cxx …; the checks are the functions below.
"""

import argparse
import os
import pathlib
import re
import shutil
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]
INCLUDE = re.compile(r'^\s*#\s*include\s+"([^"]+)"', re.MULTILINE)


def fail(why):
    sys.exit(f"failed: {why}")


def skip(why):
    print(f"package: Skipped\nunavailable: {why}\n[  SKIPPED ]")
    sys.exit()


def run(*command, **variables):
    """What the command prints; it must succeed."""
    done = ended(*command, **variables)
    if done.returncode != 0:
        fail(f"{command[0]} ended with {done.returncode}")
    return done.stdout


def ended(*command, **variables):
    """How the command ends. The caller's search paths do not help it."""
    env = {name: value for name, value in os.environ.items()
           if name not in ("LD_LIBRARY_PATH", "TROIKA_PLUGIN_PATH", "CMAKE_PREFIX_PATH")}
    done = subprocess.run([str(word) for word in command], env={**env, **variables},
                          stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    print("$", *command, f"\n{done.stdout}{done.stderr}")
    return done


class Package:
    """An installed prefix, and a consumer's folder beside it."""

    def __init__(self, options):
        self.build, self.cmake, self.cxx = options.build, options.cmake, options.cxx
        self.folder = pathlib.Path(options.folder)
        self.prefix = self.folder / "elsewhere"
        self.sources = self.folder / "sources"
        self.built = self.folder / "consumer"

    def only(self, pattern):
        found = sorted(self.prefix.glob(pattern))
        if len(found) != 1:
            fail(f"{pattern} is there {len(found)} times: {found}")
        return found[0]

    def library(self):
        return self.only("**/libtroika.so")

    def listed(self, *more, **variables):
        """The lines of the consumer's devices.cpp."""
        return run(self.built / "devices", *more, **variables).splitlines()


def readme_program():
    """The README's only whole program."""
    blocks = re.findall(r"^```cpp\n(.*?)^```", (ROOT / "README.md").read_text(), re.M | re.S)
    programs = [block for block in blocks if "int main()" in block]
    if len(programs) != 1:
        fail(f"README.md has {len(programs)} programs")
    return programs[0]


def installs_and_moves(package):
    shutil.rmtree(package.folder, ignore_errors=True)
    installed = package.folder / "installed"
    run(package.cmake, "--install", package.build, "--prefix", installed)
    installed.rename(package.prefix)
    shutil.copytree(HERE / "consumer", package.sources)
    (package.sources / "readme.cpp").write_text(readme_program())


def has_the_headers_that_are_needed_and_no_others(package):
    include = package.prefix / "include" / "troika"
    there = {str(path.relative_to(include)) for path in include.rglob("*") if path.is_file()}
    wanted = ["runtime/troika.h", "runtime/exec/cuda_stream.h", "runtime/exec/dlpack.h"]
    wanted += [str(path.relative_to(ROOT)) for path in (ROOT / "runtime/device").glob("*.h")]
    needed = set()
    while wanted:
        header = wanted.pop()
        if header not in needed:
            needed.add(header)
            wanted += INCLUDE.findall((ROOT / header).read_text())
    if there != needed:
        fail(f"not installed: {sorted(needed - there)}; not needed: {sorted(there - needed)}")


def is_found_by_cmake(package):
    run(package.cmake, "-S", package.sources, "-B", package.built, f"-DSOURCES={package.sources}",
        f"-DCMAKE_PREFIX_PATH={package.prefix}", f"-DCMAKE_CXX_COMPILER={package.cxx}")
    run(package.cmake, "--build", package.built)
    run(package.built / "readme")


def is_found_by_pkg_config(package):
    if not shutil.which("pkg-config"):
        skip("pkg-config is not installed")
    path = {"PKG_CONFIG_PATH": str(package.only("**/troika.pc").parent)}
    flags = run("pkg-config", "--cflags", "--libs", "troika", **path).split()
    libraries = run("pkg-config", "--variable=libdir", "troika", **path).strip()
    program = package.folder / "readme_by_hand"
    run(package.cxx, "-std=c++20", package.sources / "readme.cpp", "-o", program, *flags)
    run(program, LD_LIBRARY_PATH=libraries)


def finds_its_plugin(package):
    lines = package.listed()
    plugin = package.only("**/libtroika-opencl.so")
    for file in (plugin, package.library().resolve()):
        if f"loaded {file}" not in lines:
            fail(f"{file} is not loaded")
    if not any(re.match(r"device .* \(opencl\)$|missing opencl: ", line) for line in lines):
        fail("neither a device of OpenCL's nor a word on its absence")
    bare = package.folder / "bare"
    bare.mkdir(exist_ok=True)
    shutil.copy(package.library(), bare / "libtroika.so.0")
    lines = package.listed(LD_LIBRARY_PATH=str(bare))
    why = f"missing opencl: unavailable: libtroika-opencl.so: not found in {bare / 'troika'}"
    if not any(line.startswith(why) for line in lines):
        fail(f"an absent plug-in is not explained by '{why}'")


def takes_plugins_of_others(package):
    lines = package.listed("nothing", TROIKA_PLUGIN_PATH=str(package.built))
    if "missing nothing: unavailable: has no devices" not in lines:
        fail("the consumer's own plug-in was not opened")


def refuses_programs_of_other_minor_versions(package):
    version = re.search(r"TROIKA_[\d.]+", package.library().read_bytes().decode("latin-1")).group()
    other = package.folder / "other_version"
    other.mkdir(exist_ok=True)
    (other / "exports.map").write_text(f"{version}9 {{ local: *; }};\n")
    run(package.cxx, "-shared", "-Wl,-soname,libtroika.so.0", "-o", other / "libtroika.so.0",
        f"-Wl,--version-script,{other / 'exports.map'}")
    done = ended(package.built / "readme", LD_LIBRARY_PATH=str(other))
    if done.returncode == 0 or f"version `{version}' not found" not in done.stderr:
        fail(f"a program that was built with {version} takes {version}9")


def shows_nothing_but_troika(package):
    if not shutil.which("nm"):
        skip("nm is not installed")
    shown = run("nm", "-DC", "--defined-only", package.library()).splitlines()
    strange = [line for line in shown if not re.search(r" (A TROIKA_|. .*troika::)", line)]
    if strange or not shown:
        fail(f"{len(shown)} symbols are shown, of others': {strange}")


def has_a_bench_that_lists_devices(package):
    if not re.search(r"^ *host ", run(package.only("bin/troika-bench"), "devices"), re.MULTILINE):
        fail("the host is not listed")


def holds(package, page):
    """The page's programs, written where it says, and its sessions: each command prints what the
    page says that it prints."""
    text = (ROOT / "docs" / page).read_text()
    folder = package.folder / "docs" / page
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for block in re.findall(r"^```cpp\n(.*?)^```", text, re.M | re.S):
        if name := re.match(r"// (\w+\.cpp)\n", block):
            (folder / name.group(1)).write_text(block)
    pkg_config = package.only("**/troika.pc").parent
    found = {"PKG_CONFIG_PATH": str(pkg_config), "LD_LIBRARY_PATH": str(package.library().parent)}
    sessions = re.findall(r"^```console\n(.*?)^```", text, re.M | re.S)
    if not sessions:
        fail(f"{page} has no session")
    for session in sessions:
        for command, said in re.findall(r"^\$ (.*)\n((?:(?!\$ ).*\n)*)", session, re.M):
            done = ended("bash", "-c", f"cd {folder} && {command}", **found)
            if done.stdout + done.stderr != said:
                fail(f"{page}: '{command}' prints\n{done.stdout}{done.stderr}instead of\n{said}")


def getting_started_holds(package):
    holds(package, "getting_started.md")


def kernels_page_holds(package):
    needs_opencl(package)
    holds(package, "kernels.md")


def memory_page_holds(package):
    needs_opencl(package)
    holds(package, "memory.md")


def needs_opencl(package):
    devices = run(package.only("bin/troika-bench"), "devices", "--repeats", "1", "--megabytes", "1")
    if not re.search(r"^ .* opencl ", devices, re.MULTILINE):
        skip("no OpenCL device")


CHECKS = [installs_and_moves, has_the_headers_that_are_needed_and_no_others, is_found_by_cmake,
          is_found_by_pkg_config, finds_its_plugin, takes_plugins_of_others,
          refuses_programs_of_other_minor_versions, shows_nothing_but_troika,
          has_a_bench_that_lists_devices, getting_started_holds, kernels_page_holds,
          memory_page_holds]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("check", choices=[check.__name__ for check in CHECKS])
    for option in ("--build", "--folder", "--cmake", "--cxx"):
        parser.add_argument(option, required=True)
    options = parser.parse_args()
    next(check for check in CHECKS if check.__name__ == options.check)(Package(options))


main()
