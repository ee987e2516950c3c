"""The manual pages say what the program says: all its options and keys, and no others. And every link between documents
leads somewhere."""

import re
import subprocess
import tomllib

import pytest

import option_table
from world import ROOT, installed_root, program_path

PAGES = ["man1/spider-check.1", "man5/spider-check.toml.5"]
FONT = re.compile(r"\\f[A-Z]")
ESCAPES = {r"\-": "-", r"\(dq": '"', r"\ ": " ", r"\&": ""}
# What a table must have besides the key that is looked at.
NEEDED = {
    "scrapy": {"project": "'.'"},
    "crawl": {"name": "'x'", "spider": "'x'"},
    "spider": {"name": "'x'", "command": "['true']"},
    "notify.program": {"command": "['true']"},
    "notify.webhook": {"url": "'https://example.org/x'"},
    "notify.ping": {"url": "'https://example.org/x'"},
}
KINDS = {"true or false": "Boolean", "a text in quotes": "Text", "a duration like": "Duration",
         "a size like": "Size", "a list of texts like": "List", "a list of whole numbers": "List",
         "texts, numbers or booleans like": "Pairs", "a whole number": "Number",
         "a number": "Number", "a table": "Tables", "tables": "Tables"}


def installed(page):
    return installed_root() / "share/man" / page


def plain(text):
    text = FONT.sub("", text)
    for escape, letter in ESCAPES.items():
        text = text.replace(escape, letter)
    return text


def words(line):
    """What a line with a macro such as .BR says, without its fonts; the line itself where it has none."""
    macro = re.match(r"\.(B|I|BR|BI|RB|RI|IR|IB)\s+(.*)", line)
    if not macro:
        return plain(line)
    # A " that begins or ends a word; one in the middle of it is \(dq.
    parts = [quoted or bare for quoted, bare in re.findall(r'"([^"]*)"|((?:\\ |[^\s"])+)', macro[2])]
    return plain((" " if len(macro[1]) == 1 else "").join(parts))


def chapters(page, macro):
    """The lines of a page by what stands above them, "NAME" for .SH, "[database]" for .SS."""
    found, name = {}, ""
    for line in installed(page).read_text().replace("\\\n", "").splitlines():
        if heading := re.match(rf"\.({macro}|SH)\s+(.*)", line):
            name = words(f".B {heading[2]}")
            found[name] = []
        elif name:
            found[name].append(line)
    return found


def entries(lines):
    """(tag, first line below it) of each .TP, and of each .TQ as if it had that line, too."""
    tags = []
    for number, line in enumerate(lines):
        if line not in (".TP", ".TQ"):
            continue
        after = number + 2
        while lines[after] == ".TQ":
            after += 2
        tags.append((words(lines[number + 1]), words(lines[after])))
    return tags


@pytest.mark.parametrize("page", PAGES)
def test_no_formatter_finds_fault_with_a_page(page):
    lint = subprocess.run(["mandoc", "-Tlint", "-Wwarning", installed(page)], text=True,
                          capture_output=True, check=False, timeout=60)
    assert (lint.returncode, lint.stdout + lint.stderr) == (0, "")
    groff = subprocess.run(["groff", "-ww", "-man", "-Tutf8", "-z", installed(page)], text=True,
                           capture_output=True, check=False, timeout=60)
    assert (groff.returncode, groff.stdout + groff.stderr) == (0, "")


# --- spider-check(1) --------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def table():
    return option_table.commands()


def of_the_page():
    lines = chapters(PAGES[0], "SH")["SYNOPSIS"]
    return "".join(words(line) + " " for line in lines if line != ".br")


def of_the_reference():
    return re.search(r"## Commands\n\n```\n(.*?)```", (ROOT / "docs/reference.md").read_text(), re.S)[1]


@pytest.fixture(scope="module", params=[of_the_page, of_the_reference])
def synopsis(request):
    """What is said of each command, in plain words."""
    text = request.param()
    found = {}
    for usage in re.split(r"(?=spider-check)", text):
        if usage := usage.strip():
            name = re.match(r"spider-check ?([a-z]*)", usage)[1]
            found[name] = found.get(name, "") + usage + " "
    return found


def test_every_command_is_there_and_no_other(table, synopsis):
    assert list(synopsis) == list(table)


def test_the_page_describes_every_command(table):
    described = [tag for tag, _ in entries(chapters(PAGES[0], "SH")["COMMANDS"])]
    assert described == list(table)[1:]


def test_the_synopsis_has_each_option_of_each_command_and_no_other(table, synopsis):
    for name, command in table.items():
        known = {word: option for option in command.options + option_table.common(table)
                 for word in option.names}
        said = re.findall(r"(?<![\w-])(--?[a-z][a-z-]*)(?: ([A-Z]+))?", synopsis[name])
        assert {word: value for word, value in said} == {
            word: known[word].value if word in known else "unknown" for word, _ in said}, name
        own = {option for option in command.options if not {"--help", "--version"} & {*option.names}}
        assert own <= {known[word] for word, _ in said}, name
        for positional in command.positionals:
            assert positional in synopsis[name], name


def test_the_options_chapter_has_each_option_by_all_its_names(table):
    options = {option for command in table.values() for option in command.options}
    written = [f"{', '.join(option.names)} {option.value}".strip() for option in options]
    tags = [tag.removesuffix(" ...") for tag, _ in entries(chapters(PAGES[0], "SH")["OPTIONS"])]
    assert sorted(tags) == sorted(written)


# --- spider-check.toml(5) ---------------------------------------------------------------------------


def complaint(directory, text):
    """What the program says about a configuration."""
    (directory / "scrapy.cfg").touch()
    (directory / "x.toml").write_text(text)
    ended = subprocess.run([program_path(), "check", "-c", "x.toml"], cwd=directory, text=True,
                           env={"HOME": str(directory), "PATH": "/usr/bin:/bin"},
                           capture_output=True, check=False, timeout=60)
    assert ended.returncode == 2, ended
    return ended.stderr


def file_text(name, key, value):
    heading = f"[[{name}]]" if name in ("crawl", "spider") else f"[{name}]"
    if name == "crawl":
        heading = f"[scrapy]\nproject = '.'\n{heading}"
    needed = {**NEEDED.get(name, {}), key: value}
    return (heading if name else "") + "".join(f"\n{k} = {v}" for k, v in needed.items())


def keys_of(directory, name):
    """The keys of a table, as the program lists them for whoever misspells one."""
    text = complaint(directory, file_text(name, "zzzzzzzzzzzzzzzzzzzzzzzzzz", "1"))
    found = re.search(r"unknown key .*; known here: (.*)", text)
    assert found, f"[{name}]: {text} (what it needs belongs into NEEDED)"
    return set(found[1].split(", "))


def kind_of(directory, name, key):
    """What the program expects where it finds something else."""
    text = complaint(directory, file_text(name, key, "1979-05-27"))
    return re.search(r": expected (.*), found a date or time", text)[1]


@pytest.fixture(scope="module")
def known(tmp_path_factory):
    """Of each table of the program's, its keys with their kinds."""
    directory, found, tables = tmp_path_factory.mktemp("known"), {}, [""]
    while tables:
        name = tables.pop()
        found[name] = {key: kind_of(directory, name, key) for key in keys_of(directory, name)}
        tables += [f"{name}.{key}".lstrip(".") for key, kind in found[name].items()
                   if kind.startswith(("a table [", "tables [["))]
    return found


@pytest.fixture(scope="module")
def described():
    """Of each table of the page's, its keys: (default, what it is)."""
    found, names = {}, chapters(PAGES[1], "SS")
    for heading, lines in names.items():
        if heading == "The schedule" or heading.startswith("["):
            tags = [(*tag.split(" = ", 1), None)[:2] + (text,) for tag, text in entries(lines)]
            found[heading.strip("[]") if heading[0] == "[" else ""] = {
                key: (default, text) for key, default, text in tags}
            assert len(found[heading.strip("[]") if heading[0] == "[" else ""]) == len(tags)
    return found


def test_the_page_has_every_key_of_every_table_and_no_other(known, described):
    assert described.pop('spiders."NAME"') == {}  # its keys are said to be those of [spiders]
    assert {name: set(keys) for name, keys in described.items()} == {
        name: set(keys) for name, keys in known.items()}


def test_the_tables_of_single_spiders_have_the_keys_of_all(tmp_path):
    assert keys_of(tmp_path, 'spiders."x"') == keys_of(tmp_path, "spiders")


def test_the_page_says_of_each_key_what_the_program_wants_there(known, described):
    for name, keys in known.items():
        for key, wanted in keys.items():
            _, text = described[name][key]
            kind = next(kind for words, kind in KINDS.items() if wanted.startswith(words))
            limits = re.search(r"from \S+ to \S+?(?=,|$)", wanted)
            said = f"{kind} {limits[0]}" if limits else kind
            alike = ("Path", "Text") if kind == "Text" else (said,)
            assert text.startswith(alike), (name, key, wanted, text)


def test_the_page_says_the_defaults_that_init_writes(described):
    """And those are held to the program by tests/unit."""
    project = ROOT / "examples/jobs"
    text = subprocess.run([program_path(), "init", "--stdout"], cwd=project, text=True, check=True,
                          env={"HOME": "/", "PATH": "/nowhere"}, capture_output=True, timeout=60).stdout
    settings = tomllib.loads(re.sub(r"^#(?=[\[a-z])", "", text, flags=re.M))
    compared = 0
    for name, keys in described.items():
        table = settings
        for part in name.split(".") if name else []:
            table = table.get(part, {}) if isinstance(table, dict) else {}
        for key, (default, _) in keys.items():
            if (name, key) == ("", "name"):
                continue  # after the directory
            # An empty list is shown by an example.
            if default in (None, "[]") or not isinstance(table, dict) or key not in table:
                continue
            assert table[key] == tomllib.loads(f"x = {default}")["x"], (name, key)
            compared += 1
    assert compared > 25


def test_the_page_has_every_variable_that_the_source_reads(known):
    source = "".join((ROOT / "src/config" / name).read_text() for name in ("options.toml", "load.cpp"))
    read = set(re.findall(r'"((?:SCHEDULER|DB|PG|SPIDER|STATE|LOGS)_?[A-Z_]+)"', source))
    assert len(read) > 35
    tags = entries(chapters(PAGES[1], "SH")["ENVIRONMENT"])
    assert {name for tag, _ in tags for name in tag.split(", ")} == read


def test_the_example_is_a_configuration_that_works(tmp_path):
    examples = re.findall(r"\.nf\n\.RS\n(.*?)\.RE", installed(PAGES[1]).read_text(), re.S)
    text = plain("\n".join(examples)).replace("/srv/jobs\"", f"{ROOT}/examples/jobs\"")
    (tmp_path / "x.toml").write_text(text)
    read = subprocess.run([program_path(), "init", "--cron", "-c", "x.toml"], cwd=tmp_path, text=True,
                          env={"HOME": str(tmp_path)}, capture_output=True, check=False, timeout=60)
    assert (read.returncode, read.stderr) == (0, "")


# --- Links between the documents --------------------------------------------------------------------

DOCUMENTS = ["README.md", "CONTRIBUTING.md", "CHANGELOG.md", "examples/jobs/README.md",
             *(f"docs/{path.name}" for path in sorted((ROOT / "docs").glob("*.md")))]


def prose(path):
    """A document without its code."""
    text = re.sub(r"^ *```.*?^ *```$", "", path.read_text(encoding="utf-8"), flags=re.M | re.S)
    return re.sub(r"(`+)[^`].*?\1", "", text, flags=re.S)


def anchors(path):
    """Of the headings of a document, as GitHub makes them."""
    text = re.sub(r"^ *```.*?^ *```$", "", path.read_text(encoding="utf-8"), flags=re.M | re.S)
    headings = re.findall(r"^#+ +(.*)$", text, re.M)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def links(path):
    text = prose(path)
    return re.findall(r"\]\(([^)\s]+)\)", text) + re.findall(r'(?:src|href)="([^"]+)"', text)


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_link_leads_somewhere(document):
    for link in links(ROOT / document):
        if "://" in link:
            continue
        name, _, anchor = link.partition("#")
        target = (ROOT / document).parent / name if name else ROOT / document
        assert target.exists(), link
        assert not anchor or anchor in anchors(target), link


def test_the_documents_have_links():
    assert sum(len(links(ROOT / document)) for document in DOCUMENTS) > 30
