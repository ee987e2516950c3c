"""What cannot be written is no success."""

import subprocess

import pytest

from world import HARD_TIMEOUT, program_path


@pytest.mark.parametrize("args, code", [
    (["--help"], 70), (["metrics"], 70), (["status", "--json"], 70), (["health"], 3)])
def test_an_output_that_cannot_be_written_is_told(shared, args, code):
    config = shared.write_config()
    with open("/dev/full", "w", encoding="utf-8") as full:
        ended = subprocess.run([program_path(), *args, "-c", config], cwd=shared.directory,
                               env=shared.environment(), stdout=full, stderr=subprocess.PIPE,
                               text=True, check=False, timeout=HARD_TIMEOUT)
    assert ended.returncode == code, ended.stderr
    assert code == 3 or "cannot write the output: No space left on device" in ended.stderr
