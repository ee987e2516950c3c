"""What readers of README and docs/ type, and a machine on which they do."""

import contextlib
import re

import debian_root
from debian_root import TOP


def chapter(text, title):
    return text.partition(f"\n## {title}\n")[2].partition("\n## ")[0]


def blocks(text, language):
    """The blocks of code in that language, each without its indentation."""
    return [re.sub(r"^ +", "", block, flags=re.M)
            for block in re.findall(rf"^ *```{language}\n(.*?)^ *```", text, re.M | re.S)]


def commands(text):
    """One a line, without comments; what is only set somewhere is none."""
    lines = "\n".join(blocks(text, "sh")).splitlines()
    return [line for line in (re.sub(r"(^| )#.*", "", line).strip() for line in lines)
            if line and not re.fullmatch(r"[A-Z_]+=\S*", line)]


@contextlib.contextmanager
def a_readers_machine(package):
    """Booted, with a user `me` who may become root, the package in a checkout, and the example project."""
    with debian_root.Root(debian_root.base()) as root:
        root.run("useradd", "--create-home", "--shell=/bin/bash", "me")
        root.write("/etc/sudoers.d/me", "me ALL=(ALL) NOPASSWD: ALL\n", 0o440)
        root.write("/etc/apt/apt.conf.d/yes", 'APT::Get::Assume-Yes "true";\n')  # as the person says
        root.apt("satisfy", package.depends)
        checkout = root.at("/home/me/spider-check/build-packaging/deb")
        checkout.mkdir(parents=True)
        (checkout / package.deb.name).write_bytes(package.deb.read_bytes())
        for place in ("/home/me/jobs", "/srv/jobs"):
            root.copy(TOP / "examples/jobs", place)
            root.run("rm", "-rf", f"{place}/output")
        root.run("chown", "-R", "me:me", "/home/me")
        with debian_root.Machine(root) as machine:
            yield machine.boot()


INSTALL = "sudo apt install ~/spider-check/build-packaging/deb/spider-check_*.deb"


def typed(machine, lines, directory="~"):
    """One after another, by somebody who has logged in and stops at the first that fails."""
    script = "\n".join(f"{line} || exit" for line in [f"cd {directory}", *lines])
    return machine.run("su", "-l", "me", "-c", f"export EDITOR=/srv/editor SYSTEMD_PAGER=\n{script}").stdout


def rows(machine, query, database="scraping"):
    """Each a list of texts."""
    out = machine.run("psql", "-XqAt", "-d", database, "-c", query, user="postgres").stdout
    return [line.split("|") for line in out.splitlines()]
