"""The Debian package, installed and used in a clean root of this machine's Debian."""

import os
import re
import shutil
import subprocess

import building
from tally import say

PRESET = "package"
BUILD = building.ROOT / "build" / PRESET
CLEAN = BUILD / "root"


def mirror():
    """(address, codename) of the archive that apt takes this system's packages from."""
    release = dict(re.findall(r'^(\w+)="?([^"\n]*)', open("/etc/os-release").read(), re.M))
    codename = release.get("VERSION_CODENAME", "")
    listed = subprocess.run(["apt-get", "indextargets", "--format", "$(REPO_URI) $(CODENAME)",
                             "Created-By: Packages"], capture_output=True, text=True, check=False)
    for line in listed.stdout.splitlines():
        if line.endswith(f" {codename}"):
            return line.split()[0], codename
    return None, codename


def why_not():
    """Why no clean root can be made here, or None."""
    if os.geteuid() != 0:
        return "not root"
    for program in ("debootstrap", "unshare", "chroot", "dpkg-shlibdeps"):
        if not shutil.which(program):
            return f"{program} is not installed"
    return None if mirror()[0] else "apt names no archive of this system's release"


def run(tally, name, command, wanted=""):
    """One check: the command succeeds and prints `wanted`, an expression. What it printed."""
    with building.timed(name):
        done = subprocess.run(command, cwd=BUILD, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True, errors="replace", check=False,
                              env={**os.environ, "DEBIAN_FRONTEND": "noninteractive", "LC_ALL": "C"})
    ok = done.returncode == 0 and re.search(wanted, done.stdout, re.MULTILINE) is not None
    if not ok:
        say(done.stdout)
    tally.check(name, ok, f"ended with {done.returncode}" +
                (f" and no '{wanted}'" if wanted else ""))
    return done.stdout if ok else ""


def inside(*command):
    """The command in the clean root, with processes and mounts of its own. PoCL needs /sys."""
    return ["unshare", "--mount", "--pid", "--fork", f"--mount-proc={CLEAN}/proc", "sh", "-c",
            'mount --bind /sys "$0/sys" && exec chroot "$0" "$@"', str(CLEAN), *command]


def install(*packages):
    return inside("apt-get", "-qq", "-y", "--no-install-recommends", "-o", "Dpkg::Use-Pty=0",
                  "install", *packages)


def verify(tally):
    if not building.build(tally, PRESET):
        return
    for old in BUILD.glob("*.deb"):
        old.unlink()
    if not run(tally, "cpack", ["cpack", "-G", "DEB"], r"package: .*\.deb generated"):
        return
    deb = next(BUILD.glob("*.deb"))
    tally.reports += run(tally, "dpkg-deb", ["dpkg-deb", "-f", deb, "Package", "Version", "Depends"],
                         r"^Depends: .*libtbb12").splitlines()
    if why_not():
        tally.skip("in a clean root", why_not())
        return
    shutil.rmtree(CLEAN, ignore_errors=True)
    address, codename = mirror()
    if not run(tally, f"debootstrap {codename}",
               ["debootstrap", "--variant=minbase", codename, str(CLEAN), address]):
        return
    use(tally, deb)
    shutil.rmtree(CLEAN)


def use(tally, deb):
    shutil.copy(deb, CLEAN / "troika.deb")
    program = re.search(r"^```cpp\n(.*?int main\(\).*?)^```",
                        (building.ROOT / "README.md").read_text(), re.M | re.S).group(1)
    (CLEAN / "readme.cpp").write_text(program)
    compile_it = "g++ -std=c++20 /readme.cpp -o /readme $(pkg-config --cflags --libs troika)"
    run(tally, "installs with what it depends on, and no more", install("/troika.deb"))
    devices = inside("troika-bench", "devices")
    tally.reports += run(tally, "lists the host, and says why there is no OpenCL", devices,
                         r"^ *host (.*\n)*Missing\n(.*\n)* *opencl .*libOpenCL\.so\.1").splitlines()
    run(tally, "has PoCL beside it", install("pocl-opencl-icd", "ocl-icd-libopencl1"))
    tally.reports += run(tally, "lists PoCL's device", devices, r"^ *pocl").splitlines()
    run(tally, "has a compiler beside it", install("g++", "pkg-config"))
    run(tally, "compiles the README's program", inside("sh", "-c", compile_it))
    run(tally, "runs the README's program", inside("/readme"))
    run(tally, "is removed", inside("apt-get", "-qq", "-y", "remove", "troika"))
    left = [str(path) for path in (CLEAN / "usr").rglob("*troika*")]
    tally.check("leaves nothing behind", not left, str(left))
