"""Fresh Debian systems for the tests of packages, units and containers; as root only.

A *base* is what mmdebstrap makes of a suite and some packages, from the archive that apt on this
machine is configured with; it is made once and kept in build-packaging/. A *root* is a base on which
a test may write: an overlay over it, made and removed in no time. A *machine* is a root that a real
systemd has booted, in namespaces of its own and without a network.
"""

import contextlib
import fcntl
import hashlib
import os
import pathlib
import shutil
import signal
import subprocess
import tempfile
import time

from postgres import die_with_parent

TOP = pathlib.Path(__file__).resolve().parents[2]
KEPT = TOP / "build-packaging"

# What a system needs to boot, and what the tests' schedules need: a database, Scrapy, a cron.
SYSTEM = ("systemd", "systemd-sysv", "libpam-systemd", "dbus", "postgresql", "python3-scrapy", "cron",
          "ca-certificates", "tzdata", "sudo")

# Of the base of an image, like Debian's slim ones.
SLIM = {"packages": ("passwd", "usr-is-merged"), "variant": "minbase"}

PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
PATIENCE = 120  # seconds, for whatever is awaited


class Failed(AssertionError):
    """A command in a root that ended with another status than 0."""


def archive(suite="bookworm"):
    """The lines for sources.list that apt itself uses for Debian, for that suite."""
    wanted = "deb $(REPO_URI) $(CODENAME) $(COMPONENT)"
    lines = subprocess.run(["apt-get", "indextargets", "--format", wanted, "Created-By: Packages", "Origin: Debian"],
                           check=True, stdout=subprocess.PIPE, text=True).stdout.splitlines()
    if not lines:
        raise RuntimeError("apt knows no archive of Debian's; type apt-get update")
    here = next(line.split()[2] for line in lines if "-" not in line.split()[2])
    return sorted({line.replace(f" {here}", f" {suite}") for line in lines})


def base(packages=SYSTEM, suite="bookworm", variant="apt"):
    """The directory of a base, which nobody may write to. It is made where it is not there yet."""
    sources = archive(suite)
    name = hashlib.sha256(repr((sources, sorted(packages), variant)).encode()).hexdigest()[:12]
    directory = KEPT / f"base-{suite}-{name}"
    KEPT.mkdir(exist_ok=True)
    with open(KEPT / f"{directory.name}.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not directory.exists():
            _make_base(directory, packages, suite, variant, sources)
    return directory


def _make_base(directory, packages, suite, variant, sources):
    unfinished = directory.with_name(f"{directory.name}.new")
    shutil.rmtree(unfinished, ignore_errors=True)
    with tempfile.NamedTemporaryFile("w", suffix=".list") as file:
        file.write("\n".join(sources) + "\n")
        file.flush()
        os.chmod(file.name, 0o644)  # apt reads it as a user of its own
        # The lists of packages stay, so that apt in a root needs no update.
        subprocess.run(["mmdebstrap", "--quiet", f"--variant={variant}", "--format=directory", "--skip=cleanup/apt/lists",
                        f"--include={','.join(packages)}", suite, unfinished, file.name],
                       check=True, stdin=subprocess.DEVNULL)
    unfinished.rename(directory)


class Root:
    """A root that is removed, with all that runs in it, at the end of a `with`."""

    def __init__(self, base_directory, keep_in=KEPT):
        self._space = pathlib.Path(tempfile.mkdtemp(prefix="root-", dir=keep_in))
        for part in ("upper", "work", "root"):
            (self._space / part).mkdir()
        self.path = self._space / "root"
        os.chmod(self._space / "upper", 0o755)
        subprocess.run(["mount", "-t", "overlay", "overlay", "-o", f"lowerdir={base_directory},"
                        f"upperdir={self._space / 'upper'},workdir={self._space / 'work'}", self.path], check=True)
        # apt in the root finds the archive as this machine does.
        for file in ("/etc/resolv.conf", "/etc/hosts"):
            with contextlib.suppress(FileNotFoundError):
                shutil.copyfile(file, self.at(file))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.remove()

    def at(self, path):
        """Where a path of the root is, seen from outside."""
        return self.path / str(path).lstrip("/")

    def write(self, path, text, mode=0o644):
        file = self.at(path)
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
        file.chmod(mode)
        return file

    def copy(self, source, path):
        """A directory from outside, as root's."""
        shutil.copytree(source, self.at(path), symlinks=True)

    def run(self, *command, check=True, user=None, **options):
        """A command in the root, which is not booted; with its output in one text."""
        # In namespaces of its own, so that no process and no mount of it stays.
        setup = 'mount -t proc proc "$0/proc" && mount --bind /dev "$0/dev" && shift 0 && exec chroot "$@"'
        become = [f"--userspec={user}"] if user else []
        return _run(["unshare", "--mount", "--pid", "--fork", "--kill-child", "--propagation=private", "/bin/sh", "-c",
                     setup, self.path, *become, self.path, *map(str, command)], check, **options)

    def apt(self, *arguments):
        return self.run("apt-get", "-q", "-y", "--no-install-recommends", *arguments,
                        env={"DEBIAN_FRONTEND": "noninteractive", "PATH": PATH})

    def remove(self):
        subprocess.run(["umount", "--recursive", self.path], check=False)
        shutil.rmtree(self._space)


class Machine:
    """A root that runs: from boot() to power_off() or power_cut(), as often as wanted."""

    def __init__(self, root):
        self.root = root
        self._nspawn = None
        self._init = None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self._nspawn:
            self.power_cut()

    def boot(self):
        """Returns when every unit has started. It goes off when this process ends."""
        self._log = open(self.root.path.parent / "console.log", "ab")
        self._nspawn = subprocess.Popen(
            ["systemd-nspawn", "--quiet", "--register=no", "--keep-unit", "--private-network", "--console=pipe",
             "--boot", "-D", self.root.path], stdin=subprocess.DEVNULL, stdout=self._log, stderr=subprocess.STDOUT,
            preexec_fn=lambda: die_with_parent(signal.SIGTERM))  # at which it turns the machine off
        self._init = await_(lambda: _init_below(self._nspawn.pid), "the init of the machine", self.console)
        state = await_(lambda: self.run("systemctl", "is-system-running", "--wait", check=False).stdout.strip()
                       in ("running", "degraded") and "booted", "the end of the boot", self.console)
        assert state, self.console()
        return self

    def run(self, *command, check=True, user=None, env=None, **options):
        """A command in the machine, as root or as that user."""
        become = ["setpriv", f"--reuid={user}", f"--regid={user}", "--init-groups", "--"] if user else []
        environment = [f"{name}={value}" for name, value in {"PATH": PATH, "HOME": "/root", **(env or {})}.items()]
        return _run(["nsenter", f"--target={self._init}", "--mount", "--uts", "--ipc", "--net", "--pid", "--cgroup",
                     "--root", "--wd", "--", "env", "-i", *environment, *become, *map(str, command)], check, **options)

    @property
    def is_on(self):
        return self._nspawn is not None

    def power_off(self):
        """As by its button: systemd stops every unit."""
        os.kill(self._init, signal.SIGRTMIN + 4)
        self._ended()

    def power_cut(self):
        """Every process is gone at once."""
        with contextlib.suppress(ProcessLookupError):
            os.kill(self._init, signal.SIGKILL)
        self._ended()

    def console(self):
        return (self.root.path.parent / "console.log").read_text(errors="replace")

    def _ended(self):
        try:
            self._nspawn.wait(PATIENCE)
        finally:
            self._nspawn.kill()
            self._nspawn = None
        self._log.close()


def await_(condition, what, more=lambda: ""):
    """What the condition gave once it held. Of another system there is nothing to wait on but its state."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            value = condition()
            if value:
                return value
        time.sleep(0.05)
    raise AssertionError(f"waited in vain for {what}\n{more()}")


def _init_below(nspawn):
    """The first process of the namespace that nspawn makes; other children of its come and go before."""
    for child in pathlib.Path(f"/proc/{nspawn}/task/{nspawn}/children").read_text().split():
        status = pathlib.Path(f"/proc/{child}/status").read_text()
        *outer, pid = next(line for line in status.splitlines() if line.startswith("NSpid:")).split()[1:]
        if outer and pid == "1":
            return int(child)
    return None


def _run(command, check, env=None, **options):
    options.setdefault("timeout", 600)
    options.setdefault("stdin", subprocess.DEVNULL)
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace",
                          env={"PATH": PATH, "HOME": "/root", "LC_ALL": "C.UTF-8", **(env or {})}, **options)
    if check and done.returncode != 0:
        raise Failed(f"{' '.join(map(str, command))}\nended with {done.returncode}:\n{done.stdout}")
    return done


if __name__ == "__main__":
    # All that the tests will ask for.
    base()
    base(**SLIM)
