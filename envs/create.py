"""Set up .venv as envs/base.lock says: `python3 envs/create.py`.

With a name it sets up .envs/NAME as envs/NAME.lock says; `respike envs create` calls it so.

Any Python since 3.6 can run this file, so that a machine where respike cannot run is told so in
a sentence. The set-up may be interrupted and repeated: respike-ready, with the sha256 of the
locks, is written last. While it stands and the locks are as it says there is nothing to do;
while it is missing, every package that is not whole is installed again. pip checks the hash of
each file. One set-up at a time works in a folder; the kernel holds the lock, also for a pip
that was orphaned.

Standard library only.
"""

import argparse
import contextlib
import hashlib
import json
import os
import platform
import re
import shutil
import subprocess
import sys
import tempfile
import time

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
PYTHON = "3.11"
MACHINES = ("x86_64", "aarch64")
GLIBC = (2, 28)  # as the names of PyTorch's wheels say
FREE_GB, FREE_GB_CUDA = 3, 8
TORCH_CPU_INDEX = "https://download.pytorch.org/whl/cpu"
INSTALL = ["install", "--no-deps", "--require-hashes", "--no-build-isolation", "--use-pep517"]
INSTALL += ["--progress-bar", "off", "--disable-pip-version-check"]
COUNTED = ("Collecting ", "Processing ", "Requirement already satisfied")  # a line a package
# import names that are not the name of the package with _ for -
IMPORTED_AS = {
    "import-linter": "importlinter",
    "pillow": "PIL",
    "pyyaml": "yaml",
    "scikit-learn": "sklearn",
    "spikingjelly": "spikingjelly.activation_based",
    "websocket-client": "websocket",
    "py-rattler": "rattler",
}
WRAPPER = """\
#!/bin/sh
root=$(CDPATH= cd -- "$(dirname -- "$0")/../.." && pwd) || exit 2
PYTHONPATH=$root PYTHONNOUSERSITE=1 exec "$root/.venv/bin/python" -P -m respike "$@"
"""


class Stop(Exception):
    """The set-up cannot go on; the message says what is wrong and what to do."""


class Absent(Stop):
    """No source offers a package in the locked version."""


def main(argv=None):
    cli = argparse.ArgumentParser(description="Set up an environment as its lock says.")
    cli.add_argument("name", nargs="?", default="base", help="default: base, which is .venv")
    name = cli.parse_args(argv).name
    venv = os.path.realpath(place(name))
    try:
        refuse_other_systems(platform.system(), platform.machine(), glibc())
        refuse_unknown(name)
        if not is_ready(venv, name):
            refuse_strangers(venv, name)
            with held(venv) as lock:
                if not is_ready(venv, name):
                    set_up(venv, lock, name)
    except Stop as stop:
        return ended(str(stop), 2)
    except OSError as error:
        return ended(f"{error.filename or venv}: {error.strerror or error}", 2)
    except KeyboardInterrupt:
        return ended("interrupted; the same command goes on where it stopped", 130)
    return 0


def ended(sentence, code):
    print("respike set-up: " + sentence, file=sys.stderr)
    return code


def say(text):
    print("respike set-up: " + text, flush=True)


def place(name):
    """Return the folder of an environment, which may be a link."""
    return os.path.join(ROOT, ".venv") if name == "base" else os.path.join(ROOT, ".envs", name)


def refuse_unknown(name):
    if name == "base":
        return
    known = sorted(file[:-3] for file in os.listdir(lock_path("")) if file.endswith(".in"))
    if name not in known:
        raise Stop(f"no environment {name!r}; envs/ has: {', '.join(known)}")


# --- what this machine is


def refuse_other_systems(system, machine, libc):
    """Stop where the locked wheels cannot run.

    Args:
        system, machine: as platform.system() and platform.machine() say.
        libc: (major, minor) of glibc, or None where the C library is another one.
    """
    if system != "Linux":
        name = {"Darwin": "macOS"}.get(system, system)
        use = (
            "WSL 2" if system == "Windows" else "a Linux machine, virtual machine or container"
        )
        raise Stop(
            f"respike runs on Linux, x86-64 or arm64; this is {name} ({machine}). Use {use}"
        )
    if machine not in MACHINES:
        raise Stop(f"respike runs on x86-64 and arm64 processors; this one is {machine}")
    if libc is None or libc < GLIBC:
        have = "another C library" if libc is None else "glibc %d.%d" % libc
        needs = "PyTorch's wheels need glibc 2.28 or newer"
        raise Stop(f"{needs} and this system has {have}. Use Debian 10, Ubuntu 20.04 or newer")


def glibc():
    try:
        name, version = os.confstr("CS_GNU_LIBC_VERSION").split()
    except (AttributeError, OSError, ValueError):
        return None
    return tuple(int(part) for part in version.split(".")[:2]) if name == "glibc" else None


def find_python(names):
    """Return the first of the named interpreters that is Python 3.11 and can make environments.

    Of an interpreter inside a virtual environment, the one it was made from is returned.
    """
    probe = (
        "import sys; print('%d.%d' % sys.version_info[:2])\n"
        "print(getattr(sys, '_base_executable', None) or sys.executable)\n"
        "try: import ensurepip, venv; print('whole')\n"
        "except ImportError: print('bare')"
    )
    versions, bare = [], None
    for name in names:
        found = shutil.which(name)
        answer = ask([found, "-I", "-c", probe]) if found else None
        if answer:
            version, base, state = answer.split("\n")
            if version == PYTHON and state == "whole":
                return base
            bare = base if version == PYTHON else bare
            versions += [] if version in versions else [version]
    if bare:
        cure = "apt-get install python3-venv, or python3.11-venv, on Debian and Ubuntu"
        raise Stop(f"{bare} lacks ensurepip, so that it cannot make environments: {cure}")
    here = f"here is Python {', '.join(versions)}" if versions else "no Python is on PATH"
    cure = (
        "apt-get install python3 python3-venv on Debian 12; elsewhere uv python install 3.11, "
    )
    cure += "pyenv install 3.11 or conda create -n py311 python=3.11"
    name_it = "Then, if it is not python3.11 on PATH: make run PYTHON=/path/to/python3.11"
    raise Stop(f"respike needs Python {PYTHON}; {here}. Install it: {cure}. {name_it}")


def ask(command):
    """Return what a command prints, stripped; None where it cannot be run or fails."""
    try:
        done = subprocess.run(
            command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=True
        )
    except (OSError, subprocess.CalledProcessError):
        return None
    return done.stdout.decode("utf-8", "replace").strip()


# --- whether there is anything to do


def lock_path(name):
    return os.path.join(ROOT, "envs", name)


def digest(name):
    with open(lock_path(name), "rb") as file:
        return hashlib.sha256(file.read()).hexdigest()


def is_ready(venv, name="base"):
    """Say whether a finished set-up stands here, made from the locks as they are now."""
    try:
        with open(os.path.join(venv, "respike-ready"), encoding="utf-8") as file:
            ready = json.load(file)
        return (
            ready[f"{name}.lock"] == digest(f"{name}.lock")
            and ready["cuda.lock"] in (None, digest("cuda.lock"))
            and ready["folder"] == venv
            and os.path.exists(os.path.join(venv, "bin", "python"))
            and (name != "base" or os.path.exists(os.path.join(venv, "bin", "respike")))
        )
    except (OSError, ValueError, KeyError, TypeError):
        return False


def is_working(venv):
    """Say whether this is an environment of the wanted Python with pip, made in this place."""
    probe = "import pip, sys; print('%d.%d' % sys.version_info[:2], sys.prefix)"
    python = os.path.join(venv, "bin", "python")
    try:
        with open(os.path.join(venv, "bin", "pip"), encoding="utf-8") as file:
            launcher = file.readline() + file.readline()  # two where the path is long
    except (OSError, ValueError):
        return False
    return venv in launcher and ask([python, "-I", "-c", probe]) == f"{PYTHON} {venv}"


def refuse_strangers(venv, name):
    """Stop rather than change what this program did not make, however well it works.

    A set-up removes what no lock names; in another's environment that would be theirs.
    """
    if not (os.path.isdir(venv) and os.listdir(venv)):
        return
    made_here = os.path.exists(os.path.join(venv, "respike-lock"))
    linked = os.path.islink(place(name))
    if not made_here or (linked and not is_working(venv)):
        what = f"{venv} was not made by this program" if not made_here else f"{venv} is broken"
        raise Stop(f"{what} and is left as it is. Move it away, then run the same command")


@contextlib.contextmanager
def held(venv):
    """Hold the folder for one set-up; a second one waits. The kernel lets go if we die."""
    import fcntl  # not there on Windows, which was refused above

    os.makedirs(venv, exist_ok=True)
    with open(os.path.join(venv, "respike-lock"), "a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("another set-up is at work in this folder; waiting for it")
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield lock


# --- the work


def set_up(venv, lock, name):
    start = time.time()
    ready = os.path.join(venv, "respike-ready")
    if os.path.exists(ready):
        os.remove(ready)
    if not is_working(venv):
        make_environment(venv)
    pip = Pip(venv, lock)
    site = ask([pip.python, "-I", "-c", "import sysconfig as s; print(s.get_path('purelib'))"])
    clear_broken(site)
    wanted, cuda = read_lock(f"{name}.lock"), read_lock("cuda.lock")
    pip.drop(sorted(set(installed(site)) - set(wanted) - set(cuda) - {"pip"}))
    pip.install("the build tool", pick(wanted, "setuptools"))
    if "torch" in wanted and "torch" not in installed(site) and platform.machine() == "x86_64":
        install_cpu_torch(pip, wanted["torch"])
    pip.install(f"envs/{name}.lock", wanted)
    public = needs_cuda(site)
    if public:
        say("torch is the public build, which needs envs/cuda.lock as well: about 3 GB")
        refuse_full_disk(venv, FREE_GB_CUDA)
        pip.install("envs/cuda.lock", cuda)
    check_imports(pip.python, wanted, name)
    if name == "base":
        write(os.path.join(venv, "bin", "respike"), WRAPPER, 0o755)
    state = {
        f"{name}.lock": digest(f"{name}.lock"),
        "cuda.lock": digest("cuda.lock") if public else None,
        "folder": venv,
    }
    write(ready, json.dumps(state, indent=1, sort_keys=True) + "\n", 0o644)
    say(f"done in {time.time() - start:.0f} s")


def make_environment(venv):
    base = find_python([sys.executable or "python3", "python3.11", "python3", "python"])
    refuse_full_disk(venv, FREE_GB)
    for name in os.listdir(venv):
        path = os.path.join(venv, name)
        if os.path.isdir(path) and not os.path.islink(path):
            shutil.rmtree(path)
        elif name != "respike-lock":
            os.remove(path)
    say(f"making {os.path.relpath(venv, ROOT)} with {base}")
    if subprocess.run([base, "-I", "-m", "venv", venv], check=False).returncode:
        raise Stop(f"{base} -m venv failed (above)")


def refuse_full_disk(folder, needed_gb):
    free_gb = shutil.disk_usage(folder).free / 1e9
    if free_gb < needed_gb:
        raise Stop(f"{free_gb:.1f} GB are free at {folder}; the set-up needs {needed_gb}")


def read_lock(name):
    """Return {package: entry} of a lock; an entry is its text, hashes included."""
    with open(lock_path(name), encoding="utf-8") as file:
        entries = re.findall(r"^[a-z0-9-]+==(?:.*\\\n)*.*$", file.read(), re.M)
    return {entry.split("==")[0]: entry for entry in entries}


def pick(entries, name):
    return {name: entries[name]} if name in entries else {}


def installed(site):
    """Return {package: folder of its metadata}."""
    found = [re.match(r"(.+?)-[^-]+\.dist-info$", name) for name in sorted(os.listdir(site))]
    return {
        re.sub(r"[-_.]+", "-", match.group(1)).lower(): os.path.join(site, match.group(0))
        for match in found
        if match
    }


def clear_broken(site):
    """Make pip forget every package that was left half installed; it installs it again."""
    for name in os.listdir(site):
        if name.startswith("~"):  # what pip had set aside while it replaced a package
            shutil.rmtree(os.path.join(site, name), ignore_errors=True)
    for name, metadata in installed(site).items():
        if not is_whole(site, metadata):
            say(f"{name} is not whole; it will be installed again")
            shutil.rmtree(metadata)


def is_whole(site, metadata):
    """Say whether pip finished a package and all its files still have their length.

    pip writes RECORD last, and only then does RECORD list the INSTALLER that pip adds.
    """
    try:
        with open(os.path.join(metadata, "RECORD"), encoding="utf-8", newline="") as file:
            rows = [line.rstrip("\r\n").rsplit(",", 2) for line in file]
        sizes = [(row[0].strip('"'), int(row[2])) for row in rows if row[-1].isdigit()]
        return any(name.endswith(".dist-info/INSTALLER") for name, _ in sizes) and all(
            os.stat(os.path.join(site, name)).st_size == size for name, size in sizes
        )
    except (OSError, ValueError):
        return False


class Pip:
    """pip of one environment; tells how far it is and keeps its words in respike-pip.log."""

    def __init__(self, venv, lock):
        self.venv, self.lock = venv, lock
        self.python = os.path.join(venv, "bin", "python")

    def drop(self, names):
        """Uninstall what no lock names, so that the environment is what its hash says."""
        if names:
            say("removing what no lock names: " + ", ".join(names))
            self.run("removing", ["uninstall", "--yes", *names])

    def install(self, what, entries, options=()):
        """Install locked entries; nothing is resolved, and a wrong hash ends it."""
        if not entries:
            return
        descriptor, path = tempfile.mkstemp(prefix="respike-", suffix=".txt", dir=self.venv)
        try:
            with os.fdopen(descriptor, "w") as file:
                file.write("\n".join(entries.values()) + "\n")
            self.run(what, [*INSTALL, *options, "-r", path], len(entries))
        finally:
            os.remove(path)

    def run(self, what, arguments, total=0):
        others = (
            "PYTHONPATH",
            "PYTHONHOME",
            "PIP_USER",
            "PIP_TARGET",
            "PIP_PREFIX",
            "PIP_ROOT",
        )
        process = subprocess.Popen(
            [self.python, "-I", "-u", "-m", "pip", *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env={name: value for name, value in os.environ.items() if name not in others},
            pass_fds=[self.lock.fileno()],
        )
        try:
            words = self.follow(what, process.stdout, total)
        finally:
            code = process.wait()
        if code and any("No matching distribution found" in line for line in words):
            raise Absent(f"no source offers {what} as locked: {words[-1]}")
        if code:
            print("\n".join("    " + line[:200] for line in words[-12:]), file=sys.stderr)
            if any("DO NOT MATCH THE HASHES" in line for line in words):
                raise Stop(f"a file is not the one that {what} names by its hash (above)")
            cure = "mend the cause and run the same command; it goes on from here"
            raise Stop(
                f"pip could not install {what} (above, and {self.venv}/respike-pip.log): {cure}"
            )

    def follow(self, what, stream, total):
        """Keep each line, tell how far pip is at most every five seconds; return the lines."""
        start = told = time.time()
        count, words = 0, []
        with open(os.path.join(self.venv, "respike-pip.log"), "a", encoding="utf-8") as log:
            for raw in stream:
                words.append(raw.decode("utf-8", "replace").rstrip())
                log.write(words[-1] + "\n")
                count += words[-1].startswith(COUNTED)
                last = words[-1].startswith("Installing collected packages")
                if total and (time.time() - told > 5 or (last and total > 1)):
                    told = time.time()
                    doing = ", installing them" if last else ""
                    say(f"{what}: {count} of {total} fetched, {told - start:.0f} s{doing}")
        return words


def install_cpu_torch(pip, entry):
    """Install PyTorch's CPU build, a tenth of the public one, where some source offers it.

    Its version has +cpu at the end. Without that pip would prefer the public wheel of the same
    version to a CPU wheel in a folder, because a folder advertises no hashes.
    """
    cpu = re.sub(r"^(torch==[^ ;+]+)", r"\1+cpu", entry)
    try:
        pip.install("torch", {"torch": cpu}, ["--extra-index-url", TORCH_CPU_INDEX])
    except Absent:
        say("no source here offers PyTorch's CPU build; taking the public one")


def needs_cuda(site):
    """Say whether pip took a public torch, which asks for CUDA as the CPU build does not."""
    metadata = installed(site).get("torch")
    if metadata is None:
        return False
    with open(os.path.join(metadata, "METADATA"), encoding="utf-8") as file:
        return re.search(r"^Requires-Dist: (nvidia|cuda)-", file.read(), re.M) is not None


def check_imports(python, wanted, name):
    """Import every package that NAME.in asks for, in one fresh process."""
    with open(lock_path(f"{name}.in"), encoding="utf-8") as file:
        asked = re.findall(r"^([A-Za-z0-9-]+)", file.read(), re.M)
    modules = [IMPORTED_AS.get(p, p.replace("-", "_")) for p in asked if p in wanted]
    code = (
        "import importlib, sys\n"
        "for name in sys.argv[1:]:\n"
        "    try: importlib.import_module(name)\n"
        "    except Exception as e: sys.exit('%s: %s: %s' % (name, type(e).__name__, e))"
    )
    say(f"importing {len(modules)} packages")
    command = [python, "-I", "-c", code, *modules]
    done = subprocess.run(command, stderr=subprocess.PIPE, check=False)
    if done.returncode:
        last = done.stderr.decode("utf-8", "replace").strip().split("\n")[-1]
        raise Stop(f"a package is installed and cannot be imported: {last}")


def write(path, text, mode):
    """Write a file whole or not at all."""
    with open(path + ".part", "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    os.chmod(path + ".part", mode)
    os.replace(path + ".part", path)


if __name__ == "__main__":
    sys.exit(main())
