"""Which files the lints look at: those that Git knows or would know, without what is ignored."""

import pathlib
import subprocess

TOP = pathlib.Path(__file__).resolve().parents[2]


def files(top: pathlib.Path = TOP) -> list[pathlib.Path]:
    """Every file of the project, relative to its top; without Git, every file but builds."""
    command = ["git", "-C", str(top), "ls-files", "-z"]
    command += ["--cached", "--others", "--exclude-standard"]
    try:
        listed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        names = [pathlib.Path(name) for name in listed.split("\0") if name]
    except (OSError, subprocess.CalledProcessError):
        names = [path.relative_to(top) for path in top.rglob("*")]
        names = [name for name in names if not is_generated(name)]
    return sorted(name for name in set(names) if (top / name).is_file())


def is_generated(name: pathlib.Path) -> bool:
    return any(
        part in (".git", "__pycache__", "build") or part.startswith("build-") for part in name.parts
    )
