"""A machine with a cron, as far as cron can see: mounts of its own over everything that it reads and
writes, so that nothing of the machine below is touched; users and mail of its own; fast minutes.
"""

import contextlib
import email
import os
import pathlib
import shutil
import signal
import subprocess
import tempfile

from postgres import die_with_parent
from world import installed_root, wait_until

PATH = "/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
SPEED = 20  # cron's minutes have three seconds; what it starts lives in real time

# Its first process is the `cat`: when the tests are gone, so is everything in here.
SETUP = """
set -e
mount -t tmpfs -o mode=755 tmpfs "$SPACE"
for directory in etc home usr/sbin var; do
  mkdir -p "$SPACE/$directory/upper" "$SPACE/$directory/work"
  mount -t overlay overlay -o "lowerdir=/$directory,upperdir=$SPACE/$directory/upper,workdir=$SPACE/$directory/work" "/$directory"
done
mount -t tmpfs -o mode=755 tmpfs /run
mount -t tmpfs -o mode=1777 tmpfs /dev/shm
mount --bind "$INSTALLED" /usr/local
mount -t proc proc /proc
rm -rf /etc/crontab /etc/cron.*/* /var/spool/cron/crontabs/* /var/mail-of-cron
mkdir -m 1777 /var/mail-of-cron
echo ready
exec cat
"""

# What cron promises is that it gives the mail to this program.
SENDMAIL = """#!/bin/sh
file=$(mktemp /var/mail-of-cron/new-XXXXXX) && cat >"$file" && mv "$file" "/var/mail-of-cron/mail-${file##*-}"
"""


class CronMachine:
    """From the construction to close()."""

    def __init__(self):
        self._space = tempfile.mkdtemp(prefix="spider-check-cron-")
        self._first = subprocess.Popen(
            ["unshare", "--mount", "--pid", "--fork", "--kill-child", "--propagation=private", "/bin/sh", "-c", SETUP],
            env={"PATH": PATH, "SPACE": self._space, "INSTALLED": str(installed_root())},
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self._cron = None
        try:
            assert self._first.stdout.readline() == "ready\n", "the machine could not be set up"
            (self._inside,) = children_of(self._first.pid)
            self.write("/usr/sbin/sendmail", SENDMAIL, 0o755)
        except BaseException:
            self.close()
            raise

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        with contextlib.suppress(BrokenPipeError):
            self._first.stdin.close()
        self._first.wait()
        self._first.stdout.close()
        if self._cron:
            self._cron.wait()
        shutil.rmtree(self._space)

    def at(self, path):
        """Where a path of the machine is, seen from outside."""
        return pathlib.Path(f"/proc/{self._inside}/root") / path.lstrip("/")

    def write(self, path, text, mode=0o644):
        file = self.at(path)
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
        file.chmod(mode)

    def run(self, *command):
        """A command as root; gives what it prints."""
        done = subprocess.run(self._entered(*command), text=True, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, timeout=60, check=False)
        assert done.returncode == 0, (command, done.stdout)
        return done.stdout

    def types(self, user, line):
        """What a person types who has logged in."""
        return self.run("runuser", "-l", user, "-c", line)

    def start_cron(self):
        self._cron = subprocess.Popen(self._entered("faketime", "-f", f"+0 x{SPEED}", "cron", "-f"),
                                      stdin=subprocess.DEVNULL, preexec_fn=die_with_parent)

    def wait_until(self, condition, what):
        """For what cron brings about."""
        def has_come():
            assert self._cron.poll() is None, "cron has ended"
            return condition()
        return wait_until(has_come, what, 120)

    def stop_cron(self):
        """Once the jobs that it has started are done, so that their mail is there, too."""
        cron = self._cron.pid
        while name_of(cron) != "cron":  # but one of the programs that started it, and wait for it
            (cron,) = children_of(cron)
        self.wait_until(lambda: not children_of(cron), "the end of cron's jobs")
        os.kill(cron, signal.SIGTERM)
        self._cron.wait()

    def mail(self):
        return [email.message_from_string(path.read_text())
                for path in sorted(self.at("/var/mail-of-cron").glob("mail-*"))]

    def _entered(self, *command):
        return ["nsenter", f"--target={self._inside}", "--mount", "--pid", "--", "env", "-i", f"PATH={PATH}", "HOME=/root",
                "LC_ALL=C.UTF-8", *command]


def children_of(pid):
    return [int(word) for word in pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def name_of(pid):
    return pathlib.Path(f"/proc/{pid}/comm").read_text().strip()
