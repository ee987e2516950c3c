"""The image of packaging/docker, and containers of it, where no container engine runs.

podman builds the image, and is refused to run it. So a container is made by hand: its own process
ids, mounts, host name and network, the image's root, and its user, environment and entrypoint.
systemd-nspawn would do all that, but gives each container a boot id of its own; those of Docker all
have the host's, by which spider-check tells who is gone.
"""

import contextlib
import json
import os
import pathlib
import re
import shutil
import signal
import subprocess

import debian_root
from debian_root import PATIENCE, TOP, await_
from world import as_from_a_terminal

# As Debian's slim images leave it out.
NOT_IN_A_BASE = ("./usr/share/doc/*", "./usr/share/man/*", "./usr/share/locale/*", "./var/lib/apt/lists/*",
                 "./var/cache/apt/*", "./var/log/*")

ROOMY = 8 << 30  # bytes of memory; all that podman keeps are two

# podman has a cache and a lock where no option of its own says.
ALL_IN_ONE_DIRECTORY = """
mkdir -p /var/lib/containers
mount -t tmpfs tmpfs /var/lib/containers
mount -t tmpfs tmpfs /dev/shm
exec podman "$@"
"""

# As root: the mounts that the container has, then what is not as on this machine, then the command.
SET_UP = r"""
root=$1 name=$2 binds=$3
shift 3
mount --bind "$root" "$root"
mount -t proc proc "$root/proc"
mount --rbind /dev "$root/dev"
mount -t tmpfs tmpfs "$root/tmp"
while IFS='|' read -r from to options; do
  mount --bind "$from" "$root$to"
  mount -o "remount,bind,$options" "$root$to"
done <"$binds"
mount -o remount,bind,ro "$root"
hostname "$name"
ip link set lo up
exec chroot "$root" "$@"
"""


class Podman:
    """podman, with all that it keeps in one directory, which is removed at the end of a `with`.

    Where SPIDER_CHECK_KEEP_IMAGE is set it stays, and what is there is taken for what would be built.
    """

    def __init__(self, directory):
        self._directory = pathlib.Path(directory)
        self._is_kept = "SPIDER_CHECK_KEEP_IMAGE" in os.environ
        self._before = ["unshare", "--mount", "--propagation=private", "/bin/sh", "-euc", ALL_IN_ONE_DIRECTORY, "podman",
                        "--storage-driver=vfs", "--root", self._directory / "root", "--runroot", self._directory / "run",
                        "--tmpdir", self._directory / "tmp"]

    def __enter__(self):
        self._directory.mkdir(parents=True, exist_ok=True)
        if not self._is_kept and os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") > ROOMY:
            # Hundreds of packages and three copies of the image are there in half the time, and gone in none.
            subprocess.run(["mount", "-t", "tmpfs", "tmpfs", self._directory], check=True)
        return self

    def __exit__(self, *_):
        if self._is_kept:
            return
        if self._directory.is_mount():
            subprocess.run(["umount", self._directory], check=True)
        shutil.rmtree(self._directory)

    def __call__(self, *arguments, check=True, **options):
        done = subprocess.run([*self._before, *map(str, arguments)], stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True, errors="replace", check=False, **options)
        assert not check or done.returncode == 0, f"podman {arguments}:\n{done.stdout[-5000:]}"
        return done.stdout

    def import_base(self):
        """A Debian like the one that the Dockerfile names, with apt as it is set up on this machine."""
        base = debian_root.base(**debian_root.SLIM)
        with debian_root.Root(base) as root:
            # mmdebstrap takes the other of two packages, and Perl with it.
            root.apt("purge", "--autoremove", "usrmerge", "perl-modules-5.36", "libperl5.36")
            root.write("/etc/apt/apt.conf.d/00machine", subprocess.run(
                ["apt-config", "dump", "--format", '%F "%v";%n', "Acquire"], check=True, text=True,
                stdout=subprocess.PIPE).stdout)
            tar = subprocess.Popen(["tar", "--directory", root.path, "--one-file-system", "--create",
                                    *(f"--exclude={path}" for path in NOT_IN_A_BASE), "."],
                                   stdout=subprocess.PIPE)
            self("import", "-", "base", stdin=tar.stdout)
            assert tar.wait() == 0
        return "localhost/base"

    def build(self, tag):
        """What the build said."""
        said = self._directory / f"{tag}.log"
        if not said.exists():
            # podman's own format has no HEALTHCHECK; and layers would be a copy of the whole image each.
            said.write_text(self(
                "build", "--isolation=chroot", "--network=host", "--format=docker", "--layers=false",
                f"--build-arg=BASE={self.import_base()}", "--tag", tag, "--file", TOP / "packaging/docker/Dockerfile", TOP))
        return said.read_text()

    def build_upon(self, directory, tag):
        """The image of a Dockerfile that begins with another one."""
        return self("build", "--isolation=chroot", "--network=host", "--format=docker", "--layers=false", "--tag", tag,
                    directory)

    def image(self, tag):
        return Image(json.loads(self("image", "inspect", tag))[0], self("image", "mount", tag).strip())


class Image:
    """What an image is to be run with, and its files."""

    def __init__(self, described, root):
        config = described["Config"]
        self.root = pathlib.Path(root)
        self.size = described["Size"]
        self.user = config["User"]
        self.labels = config["Labels"]
        self.directory = config["WorkingDir"]
        self.volumes = config["Volumes"]
        self.entrypoint = config["Entrypoint"]
        self.environment = dict(line.split("=", 1) for line in config["Env"])
        self.healthcheck = described["Healthcheck"]

    def run(self, *command):
        """In the image's files, as root."""
        return subprocess.run(["chroot", self.root, *command], check=True, text=True, stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, env={"PATH": self.environment["PATH"]}).stdout

    def as_user(self, environment):
        """What a command in a container comes behind, as `docker run` and the compose file set it up."""
        variables = [f"{name}={value}" for name, value in {**self.environment, **environment}.items()]
        return ["env", "-i", "-C", self.directory, *variables, "setpriv", "--reuid", self.user, "--regid", self.user,
                "--clear-groups", "--no-new-privs", "--bounding-set=-all", "--inh-caps=-all", "--"]


class Container:
    """From start() to its end, as often as wanted; whatever it keeps, its binds keep."""

    def __init__(self, image, directory, *, environment, binds, name="jobs-1"):
        self._image = image
        self._environment = environment
        self._name = name
        self._directory = directory
        self._unshare = None
        self._init = None
        self._said = directory / f"{name}.log"
        self._root = debian_root.Root(image.root)
        self._binds = directory / f"{name}.binds"
        self._binds.write_text("".join(f"{source}|{self._place(source, to)}|{options}\n"
                                       for to, (source, options) in binds.items()))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        try:
            if self._unshare and self._unshare.poll() is None:
                self.kill()
        finally:
            self._root.remove()

    def _place(self, source, to):
        place = self._root.at(to)
        if source.is_dir():
            place.mkdir(parents=True, exist_ok=True)
        else:
            place.touch()
        return to

    def start(self, *arguments):
        """As `docker start`, or `docker run IMAGE ARGUMENTS`."""
        with open(self._said, "ab") as said:
            self._heard = said.tell()
            self._unshare = subprocess.Popen(
                ["unshare", "--mount", "--pid", "--ipc", "--uts", "--net", "--fork", "--kill-child",
                 "--propagation=private", "/bin/sh", "-euc", SET_UP, "set-up", self._root.path, self._name, self._binds,
                 *self._image.as_user(self._environment), *self._image.entrypoint, *arguments],
                stdin=subprocess.DEVNULL, stdout=said, stderr=said, preexec_fn=as_from_a_terminal)
        await_(self._is_set_up, "its init", lambda: self.said)
        return self

    def _is_set_up(self):
        """Until then its process 1 is none of the image's, and the kernel keeps every signal from it."""
        if self._unshare.poll() is not None:
            return True
        for child in children_of(self._unshare.pid):
            self._init = child
            command = pathlib.Path(f"/proc/{child}/cmdline").read_text().split("\0")
            return command[0] == self._image.entrypoint[0] and children_of(child)
        return False

    @property
    def said(self):
        """Since it was started, with what it said on both outputs."""
        return self._said.read_text(errors="replace")[self._heard:]

    def says(self, pattern):
        def said():
            ended = self._unshare.poll() is not None
            found = re.search(pattern, self.said, re.M)
            assert found or not ended, f"it ended and never said {pattern!r}:\n{self.said}"
            return found
        return await_(said, repr(pattern), lambda: self.said)

    def exec(self, *command):
        """As `docker exec`: its exit status, and what it said on both outputs."""
        assert self._unshare.poll() is None, f"it has ended:\n{self.said}"
        done = subprocess.run(
            ["nsenter", f"--target={self._init}", "--mount", "--pid", "--ipc", "--uts", "--net", "--root", "--",
             *self._image.as_user(self._environment), *command], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, text=True, timeout=PATIENCE, check=False)
        return done.returncode, done.stdout

    def health(self):
        """What the image's healthcheck says, and ends with: 0 is healthy, 1 is not."""
        kind, command = self._image.healthcheck["Test"]
        assert kind == "CMD-SHELL"
        return self.exec("/bin/sh", "-c", command)

    def processes(self):
        """The command lines of what runs in it, by the pid that it has there."""
        code, text = self.exec("/bin/sh", "-c", "for p in /proc/[0-9]*; do "
                               "echo ${p#/proc/} $(tr '\\0' ' ' <$p/cmdline); done")
        assert code == 0, text
        return dict(line.partition(" ")[::2] for line in text.splitlines())

    def signal(self, number):
        """To process 1, where Docker sends signals to."""
        os.kill(self._init, number)

    def stop(self):
        """As `docker stop` with all the time in the world; gives the exit status."""
        self.signal(signal.SIGTERM)
        return self.ended()

    def kill(self):
        """As `docker kill`, or as when its host loses power: nothing of it is left."""
        with contextlib.suppress(ProcessLookupError):
            self.signal(signal.SIGKILL)
        self.ended()

    def ended(self):
        """Waits for its end; gives the exit status."""
        try:
            return self._unshare.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"it did not end:\n{self.said}") from None


def children_of(pid):
    return [int(child) for child in pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
