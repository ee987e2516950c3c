"""The real shells at a real terminal, asked what they would offer at the end of a line."""

import os
import pty
import re
import select
import subprocess
import termios
import time

from postgres import die_with_parent
from world import HARD_TIMEOUT, installed_root

BASH = r"""
PS1= PS2=
source /usr/share/bash-completion/bash_completion
_completion_loader spider-check
probe() {
  COMPREPLY=()
  _spider_check "$@"
  printf '%s\t\n' "${COMPREPLY[@]}" >&$ANSWERS
  printf '\0' >&$ANSWERS
}
# What the lazy loader found is what is asked.
[[ $(complete -p spider-check) == *" -F _spider_check "* ]] && complete -F probe spider-check
stty -echo
printf '\0' >&$ANSWERS
"""

ZSH = r"""
PS1= PS2= PROMPT_EOL_MARK=
setopt extendedglob
autoload -Uz compinit && compinit -u -D
zstyle ':completion:*' list-grouped false
compadd() {
  # What it only looks up is passed on.
  if [[ ${@[1,(i)(-|--)]} == *-(O|A|D)\ * ]]; then
    builtin compadd "$@"
    return
  fi
  local -a hits about
  local at=${@[(i)-[a-zA-Z0-9]#d]} i
  (( at < $# )) && about=("${(@P)${@[at+1]}}")
  builtin compadd -A hits -D about "$@"
  for (( i = 1; i <= $#hits; i++ )); do printf '%s\t%s\n' "$hits[i]" "${about[i]#* -- }" >&$ANSWERS; done
  builtin compadd "$@"
}
ask() {
  zle complete-word
  zle .kill-buffer
  printf '\0' >&$ANSWERS
}
zle -N ask
bindkey '^I' ask
printf '\0' >&$ANSWERS
"""


class Shell:
    """bash or zsh, from the construction to close()."""

    def __init__(self, name, directory):
        program, setup = {"bash": (["bash", "--norc", "--noprofile", "-i"], BASH),
                          "zsh": (["zsh", "-f", "-i"], ZSH)}[name]
        (directory / "setup").write_text(setup)
        self._terminal, inside = pty.openpty()
        self._answers, answers = os.pipe()
        termios.tcsetwinsize(inside, (100, 200))  # so that no list is too long to be shown
        share = installed_root() / "share"
        environment = environment_of(directory) | {
            "ANSWERS": str(answers), "FPATH": f"{share}/zsh/site-functions:{zsh_fpath()}"}
        self._process = subprocess.Popen(program, stdin=inside, stdout=inside, stderr=inside, cwd=directory,
                                         env=environment, pass_fds=(answers,), start_new_session=True,
                                         preexec_fn=die_with_parent)
        os.close(inside)
        os.close(answers)
        self._screen = b""
        self._type(f". {directory}/setup\n")
        self._answer()

    def offers(self, line):
        """What TAB at the end of the line offers: each word with what is said about it."""
        self._type(f"{line}\t")
        found = dict(row.split("\t", 1) for row in self._answer().splitlines() if row != "\t")
        # bash puts what is unique into the line.
        self._type("\x15")
        return found

    def close(self):
        self._process.kill()
        self._process.wait()
        os.close(self._terminal)
        os.close(self._answers)

    def _type(self, text):
        os.write(self._terminal, text.encode())

    def _answer(self):
        """Up to the next NUL; what the shell writes to its screen is read meanwhile, or it would block."""
        answer, deadline = b"", time.monotonic() + HARD_TIMEOUT
        while not answer.endswith(b"\0"):
            ready, _, _ = select.select([self._terminal, self._answers], [], [],
                                        max(0, deadline - time.monotonic()))
            assert ready and self._process.poll() is None, (answer, self._screen)
            if self._terminal in ready:
                self._screen += os.read(self._terminal, 65536)
            if self._answers in ready:
                answer += os.read(self._answers, 65536)
        return answer[:-1].decode()


class Fish:
    """fish has a command that answers."""

    def __init__(self, directory):
        self._directory = directory

    def offers(self, line):
        ended = subprocess.run(["fish", "-c", 'complete -C "$argv[1]"', line], text=True, check=True,
                               cwd=self._directory, env=environment_of(self._directory),
                               capture_output=True, timeout=HARD_TIMEOUT)
        assert ended.stderr == ""
        rows = [row.partition("\t") for row in ended.stdout.splitlines()]
        return {word: about for word, _, about in rows}

    def close(self):
        pass


def environment_of(directory):
    root = installed_root()
    return {"HOME": str(directory), "PATH": f"{root}/bin:/usr/bin:/bin", "TERM": "vt100", "LC_ALL": "C.UTF-8",
            "XDG_DATA_DIRS": f"{root}/share:/usr/share"}


def zsh_fpath():
    shown = subprocess.run(["zsh", "-f", "-c", "print -r -- $FPATH"], env={"PATH": "/usr/bin:/bin"},
                           text=True, capture_output=True, check=True, timeout=HARD_TIMEOUT).stdout
    return shown.strip()


def unquoted(word):
    """A word as bash quotes it."""
    return re.sub(r"\\(.)", r"\1", word)
