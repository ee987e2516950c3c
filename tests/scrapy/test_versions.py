"""The virtual environments that these tests make for themselves."""

import subprocess

import pytest

import versions


def version_in(directory):
    return subprocess.run([directory / "scrapy", "version"], capture_output=True, text=True,
                          check=True).stdout.split()[1]


@pytest.mark.parametrize("version", versions.chosen())
def test_each_environment_has_its_version(version):
    assert version_in(versions.environment(version)).startswith(f"{version}.")


def test_what_cannot_be_installed_is_said(monkeypatch, tmp_path):
    monkeypatch.setattr(versions, "DIRECTORY", tmp_path)
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:9/")
    monkeypatch.delenv("PIP_FIND_LINKS", raising=False)
    with pytest.raises(versions.NotInstalled, match="PyPI.*\n.*refused"):
        versions.environment(versions.NEWEST)


@pytest.fixture
def made(monkeypatch, tmp_path):
    """What was installed, where nothing really is."""
    monkeypatch.setattr(versions, "DIRECTORY", tmp_path)
    commands = []

    def run(module, *args):
        commands.append(module)
        if module == "venv":
            args[-1].mkdir()

    monkeypatch.setattr(versions, "run", run)
    return commands


def test_an_environment_is_kept_until_its_packages_change(made, monkeypatch):
    for _ in range(2):
        versions.environment("2.19")
    assert made == ["venv", "pip"]
    monkeypatch.setitem(versions.VERSIONS, "2.19", versions.Version(["Scrapy==2.19.1"], {}))
    versions.environment("2.19")
    assert made == ["venv", "pip"] * 2


def test_more_packages_have_an_environment_of_their_own(made):
    assert versions.environment("2.19") != versions.environment("2.19", "spidermon")
    assert made == ["venv", "pip"] * 2


def test_an_environment_that_was_not_finished_is_made_anew(made, monkeypatch):
    directory = versions.environment("2.19").parent
    (directory / "packages.json").unlink()
    versions.environment("2.19")
    assert made == ["venv", "pip"] * 2
