#!/usr/bin/env python3
"""Makes the project's virtual environment: `python3 tools/bootstrap.py [VENV] [SET…]`.

Needs nothing but a bare Python 3.11 or newer: neither pip nor ensurepip nor root. The packages
come from requirements/SET.txt, each checked against its hash, then the project itself. A stamp
per set makes the next run instant.

Written in the Python of old, so that an old interpreter says what is wrong instead of failing.
"""

import hashlib
import os
import shutil
import subprocess
import sys
import time

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
OLDEST = (3, 11)
NEWER = ("python3.14", "python3.13", "python3.12", "python3.11")
NEW_ENOUGH = "import sys; sys.exit(sys.version_info < (3, 11))"
IN_VENV = "import sys; sys.exit(sys.version_info < (3, 11) or sys.prefix == sys.base_prefix)"
PIP_WHEEL = "pip-26.3-py3-none-any.whl"
PIP_SHA256 = "f3b60b20ffaadd4415ed7957212a38ac63fa4c5fa375bd0f4a797777940fad13"
STILL_AT_IT = 20
PROJECT = "stuck-eval-watchdog"
APART = ("docs",)
"""Sets for an environment without the project: MkDocs brings PyPI's `watchdog`, which hides it."""
QUIET = ["--quiet", "--disable-pip-version-check", "--no-input"]
HELP = """\
usage: python3 tools/bootstrap.py [VENV] [SET ...]

Makes the project's virtual environment, or completes it.

  VENV        where it is; without one: .venv
  SET         what goes into it; without one: runtime. There are:
              %s
  -h, --help  tell this, and make nothing
"""


class Failed(Exception):
    """Something that a person has to put right."""


def say(text):
    """Tell what happens."""
    sys.stderr.write("bootstrap: " + text + "\n")
    sys.stderr.flush()


def main(arguments):
    """Make or complete the environment; 0 when it is ready."""
    if "-h" in arguments or "--help" in arguments:
        sys.stdout.write(HELP % ", ".join(all_sets()))
        return 0
    options = [argument for argument in arguments if argument.startswith("-")]
    if options:
        say("there is no option %s; --help tells what there is" % options[0])
        return 2
    if sys.version_info < OLDEST:
        return go_on_with_newer()
    venv = os.path.abspath(arguments[0] if arguments else ".venv")
    sets = arguments[1:] or ["runtime"]
    try:
        prepare(venv, sets)
    except Failed as problem:
        say("failed: " + str(problem))
        return 1
    except OSError as problem:
        say("failed: can't write %s: %s" % (venv, problem))
        say("choose another place with VENV=…, for example: make demo VENV=/tmp/watchdog-venv")
        return 1
    return 0


def go_on_with_newer():
    """Start again with a newer interpreter, if there is one."""
    for name in NEWER:
        if shutil.which(name) and run([name, "-c", NEW_ENOUGH], quiet=True):
            return subprocess.call([name, *sys.argv])
    have = "%d.%d" % sys.version_info[:2]
    say("failed: Python 3.11 or newer is needed; this is %s (%s)." % (have, sys.executable))
    say("name another one with PYTHON=…, for example: make demo PYTHON=python3.12")
    return 1


def prepare(venv, sets):
    """Bring the environment up to date, doing only what is due."""
    alone = [name for name in sets if name in APART]
    if alone and alone != sets:
        raise Failed("%s needs an environment of its own" % ", ".join(alone))
    locks = sets if alone else ["build", *sets]
    wanted = digest([requirements(name) for name in locks])
    if not works(interpreter(venv)):
        create(venv)
    if not stamped(venv, "-".join(sets), wanted):
        say("installing %s into %s" % (", ".join(sets), venv))
        say("the first time takes from ten seconds to a few minutes, and needs the network")
        started = time.monotonic()
        install_locks(venv, locks)
        stamp(venv, "-".join(sets), wanted)
        say("installed in %.0f s" % (time.monotonic() - started))
    if alone:
        return
    # An environment may serve several clones, one after the other.
    wanted = digest([os.path.join(ROOT, "pyproject.toml")]) + " " + ROOT
    if not stamped(venv, "project", wanted):
        install_project(venv)
        stamp(venv, "project", wanted)


# The environment


def interpreter(venv):
    """Give the environment's Python."""
    return os.path.join(venv, "bin", "python")


def works(python):
    """Tell whether there is an environment, of a Python that is still there and new enough."""
    return run([python, "-c", IN_VENV], quiet=True)


def create(venv):
    """Make an empty environment, without pip: some Pythons come without the means to add it."""
    if os.path.isdir(venv) and os.listdir(venv) and not is_environment(venv):
        raise Failed("%s is there, and is no virtual environment; it stays as it is" % venv)
    say("making the environment %s with Python %d.%d" % ((venv, *sys.version_info[:2])))
    try:
        from venv import EnvBuilder  # noqa: PLC0415 - some packagers leave it out
    except ImportError:
        create_by_hand(venv)
    else:
        EnvBuilder(clear=True, symlinks=True, with_pip=False).create(venv)
    if not works(interpreter(venv)):
        raise Failed("%s can't make an environment; try another PYTHON=…" % sys.executable)


def is_environment(venv):
    """Tell whether a folder is a virtual environment, a broken one included."""
    return os.path.exists(os.path.join(venv, "pyvenv.cfg"))


def create_by_hand(venv):
    """Make what the standard library's venv makes (some distributions package it apart)."""
    shutil.rmtree(venv, ignore_errors=True)
    binaries = os.path.join(venv, "bin")
    os.makedirs(binaries)
    os.makedirs(os.path.join(venv, "lib", "python%d.%d" % sys.version_info[:2], "site-packages"))
    base = os.path.realpath(sys.executable)
    with open(os.path.join(venv, "pyvenv.cfg"), "w") as file:
        file.write("home = %s\ninclude-system-site-packages = false\n" % os.path.dirname(base))
    for name in ("python", "python3"):
        os.symlink(base, os.path.join(binaries, name))


# What goes into it


def install_locks(venv, locks):
    """Install locked packages, each checked against its hash."""
    files = []
    for name in locks:
        files += ["-r", requirements(name)]
    install(venv, ["--require-hashes", *files])


def install_project(venv):
    """Install the project itself, in place."""
    say("installing %s from %s" % (PROJECT, ROOT))
    install(venv, ["--no-deps", "--no-build-isolation", "-e", ROOT])


def install(venv, arguments):
    """Run uv where there is one (it is quicker), pip where there is none or uv fails."""
    python = interpreter(venv)
    uv = shutil.which("uv")
    if uv and run([uv, "pip", "install", "--quiet", "--python", python, *arguments]):
        return
    if uv:
        say("uv did not do it; trying pip")
    if not run([python, "-m", "pip", "--version"], quiet=True):
        bring_pip(python)
    if not run([python, "-m", "pip", "install", "--no-compile", *QUIET, *arguments]):
        raise Failed(
            "the packages could not be installed (see above). Without a network, or behind a"
            " proxy, tell pip where packages are: PIP_INDEX_URL, PIP_FIND_LINKS, HTTPS_PROXY."
        )


def bring_pip(python):
    """Put pip into the environment by the first way that works."""
    wheel = vendored_pip()
    ways = []
    if wheel:
        ways.append([python, wheel + "/pip", "install", "--no-index", *QUIET, wheel])
    ways.append([python, "-m", "ensurepip"])
    ways.append([sys.executable, "-m", "pip", "--python", python, "install", "pip"])
    ways += [[pip, "--python", python, "install", "pip"] for pip in pips_on_path()]
    for way in ways:
        if run(way, quiet=True):
            return
    raise Failed("found no way to bring pip into the environment; is tools/vendor/ complete?")


def pips_on_path():
    """List the pips that are installed for anybody."""
    return [found for found in (shutil.which("pip3"), shutil.which("pip")) if found]


def vendored_pip():
    """Give the path of the wheel that comes with the sources, or None where it was taken out."""
    wheel = os.path.join(ROOT, "tools", "vendor", PIP_WHEEL)
    if not os.path.exists(wheel):
        return None
    if digest([wheel]) != PIP_SHA256:
        raise Failed("%s is damaged: its SHA-256 is not the expected one" % wheel)
    return wheel


def run(command, quiet=False):
    """Run a command, telling now and then that it is still at it; True when it did its work."""
    out = subprocess.DEVNULL if quiet else None
    environment = dict(os.environ, PIP_REQUIRE_VIRTUALENV="0")
    environment.pop("PYTHONPATH", None)
    environment.pop("PYTHONHOME", None)
    started = time.monotonic()
    try:
        process = subprocess.Popen(command, stdout=out, stderr=out, env=environment, cwd=ROOT)
    except OSError:
        return False
    while True:
        try:
            return process.wait(timeout=STILL_AT_IT) == 0
        except subprocess.TimeoutExpired:
            say("… still at it, after %.0f s" % (time.monotonic() - started))


# Stamps


def requirements(name):
    """Give the path of a set's locked requirements."""
    path = os.path.join(ROOT, "requirements", name + ".txt")
    if name not in all_sets():
        raise Failed("there is no set %s; there are: %s" % (name, ", ".join(all_sets())))
    return path


def all_sets():
    """List the sets that there are requirements for."""
    files = os.listdir(os.path.join(ROOT, "requirements"))
    return sorted(file[: -len(".txt")] for file in files if file.endswith(".txt"))


def digest(paths):
    """Hash files together."""
    together = hashlib.sha256()
    for path in paths:
        with open(path, "rb") as file:
            together.update(file.read())
    return together.hexdigest()


def stamp_path(venv, name):
    """Give the path of a stamp."""
    return os.path.join(venv, "stamps", name)


def stamped(venv, name, wanted):
    """Tell whether this was installed already."""
    try:
        with open(stamp_path(venv, name)) as file:
            return file.read() == wanted
    except OSError:
        return False


def stamp(venv, name, wanted):
    """Remember that this is installed."""
    os.makedirs(os.path.join(venv, "stamps"), exist_ok=True)
    with open(stamp_path(venv, name), "w") as file:
        file.write(wanted)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
