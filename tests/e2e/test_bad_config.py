"""A wrong configuration file gives one line that names file and line, exit 2, and nothing runs."""

import pytest

# What is wrong, the text with it, the number of the line that must be named, and a word of the error.
# {spider} is a spider that must not run, {url} the database.
GOOD = '[database]\nurl = "{url}"\n[[spider]]\nname = "a"\ncommand = {spider}\n'


def top(line):
    return line + "\n" + GOOD


def database(line):
    """Beside the url, or instead of it."""
    return GOOD.replace('url = "{url}"\n', f"{line}\n" if line.startswith("url") else
                        f'{line}\nurl = "{{url}}"\n')


def scrapy(lines):
    return GOOD + "[scrapy]\n" + lines + "\n"


WRONG = [
    ("unknown key at the top", top("intervall = '4h'"), 1, '"intervall"'),
    ("unknown section", GOOD + "[scrappy]\nproject = 'x'\n", 6, '"scrappy"'),
    ("unknown key of [database]", GOOD.replace("[[", "hots = 'x'\n[[", 1), 3, '"hots"'),
    ("unknown key of [scrapy]", scrapy("project = '{project}'\nproyect = 'x'"), 8, '"proyect"'),
    ("unknown key of [[spider]]", GOOD + "nmae = 'x'\n", 6, '"nmae"'),
    ("key of the second [[spider]]", GOOD + "[[spider]]\nname='b'\ncommand=['x']\nx=1\n", 9, '"x"'),
    *((f"{key} = {value}", top(f"{key} = {value}"), 1, key) for key, value in [
        ("name", "7"), ("name", "''"), ("enabled", "'yes'"), ("enabled", "1"), ("interval", "4"),
        ("interval", "true"), ("timezone", "5"), ("max_instances", "'1'"), ("max_instances", "1.5"),
        ("max_instances", "0"), ("max_instances", "-1"), ("max_attempts", "0"),
        ("max_attempts", "[3]"), ("max_attempts", "99999999999"), ("retry_after", "15"),
        ("slack", "false"), ("takeover_after", "2"), ("state_dir", "1"), ("log_dir", "[]"),
        ("scrapy", "'/srv'"), ("interval", "1979-05-27"),
        ("timezone", "'Mars/Base'"), ("timezone", "'../../../etc/passwd'"), ("timezone", "''"),
        ("interval", "'0s'"), ("interval", "'-4h'"), ("slack", "'4h'"), ("slack", "'5h'"),
        ("on_database_error", "'wait'"), ("on_database_error", "true"), ("wake_wait", "30"),
        ("precheck", "'nm-online'"), ("precheck", "['']"), ("precheck_max_age", "'0s'"),
    ]),
    *((f"duration {wrong!r}", top(f'interval = "{wrong}"'), 1, "interval") for wrong in [
        "", " ", "4", "h", "4 h", "4h ", "4H", "4.5h", "1,5h", "4hours", "30m1h", "1h1h", "+4h",
        "4h-1m", "99999999999999999999h", "1000000d", "0"]),
    *((f"{key} in [database]", database(f"{key} = {value}"), 2, key) for key, value in [
        ("url", "5"), ("url", "'nonsense'"), ("url", "'http://host/db'"), ("host", "1"),
        ("port", "'x'"), ("port", "0"), ("port", "65536"), ("name", "true"), ("user", "[]"),
        ("password", "1"), ("password_file", "'/nonexistent/file'"), ("password_file", "'/'"),
        ("connect_timeout", "5"), ("connect_timeout", "'0s'"), ("statement_timeout", "'soon'")]),
    ("password and password_file", database("password = 'x'\npassword_file = 'y'"), 3, "password"),
    ("[[spider]] without a name", GOOD + "[[spider]]\ncommand = ['x']\n", 6, "name"),
    ("[[spider]] without a command", GOOD + "[[spider]]\nname = 'b'\n", 6, "command"),
    ("[[spider]] with an empty name", GOOD + "[[spider]]\nname = ''\ncommand = ['x']\n", 7, "name"),
    ("an empty command", GOOD + "[[spider]]\nname = 'b'\ncommand = []\n", 8, "command"),
    ("a command of nothing", GOOD + "[[spider]]\nname = 'b'\ncommand = ['']\n", 8, "command"),
    ("a command as text", GOOD + "[[spider]]\nname = 'b'\ncommand = 'x'\n", 8, "command"),
    ("a command of numbers", GOOD + "[[spider]]\nname = 'b'\ncommand = ['x', 1]\n", 8, "command"),
    ("a NUL in a command", GOOD + '[[spider]]\nname="b"\ncommand=["a\\u0000b"]\n', 8, "command"),
    ("a NUL in a name", GOOD + '[[spider]]\nname="b\\u0000"\ncommand=["a"]\n', 7, "name"),
    ("two spiders of one name", GOOD + "[[spider]]\nname = 'a'\ncommand = ['x']\n", 7, '"a"'),
    ("[spider] instead of [[spider]]", "[spider]\nname = 'a'\ncommand = ['x']\n", 1, "spider"),
    ("[scrapy] without a project", scrapy(""), 6, "project"),
    ("a project that is not there", scrapy("project = '/nonexistent/p'"), 7, "scrapy.cfg"),
    ("a project without scrapy.cfg", scrapy("project = '/usr'"), 7, "scrapy.cfg"),
    *((f"{line} in [scrapy]", scrapy("project = '{project}'\n" + line), 8, line.split()[0])
      for line in ["command = []", "command = 'scrapy'", "include = '*'", "exclude = [1]",
                   "settings = 'x'", "settings = { A = [1] }"]),
    ("a string without an end", top("name = \"x"), 1, ""),
    ("a key twice", top("interval = '4h'\ninterval = '5h'"), 2, "interval"),
    ("a section twice", GOOD + "[database]\n", 6, "database"),
    ("no TOML at all", "this is not TOML\n", 1, ""),
    ("bytes that are no UTF-8", "name = '\udcff'\n", 1, ""),
]


def check(result, place, word=""):
    assert (result.code, result.out) == (2, "")
    (line,) = result.err.splitlines()
    assert line.startswith(f"spider-check: {place}"), line
    assert word in line.partition(str(place))[2]
    assert "; " in line or "expected" in line or "at least" in line, line  # … what would be right


@pytest.mark.parametrize("text, number, word", [case[1:] for case in WRONG],
                         ids=[case[0] for case in WRONG])
def test_a_wrong_file_is_refused_with_its_line(shared, text, number, word):
    shared.spider("a")
    project = shared.directory / "project"
    project.mkdir()
    (project / "scrapy.cfg").touch()
    command = str(shared.spiders[0]["command"])
    for name, value in {"{spider}": command, "{url}": shared.url, "{project}": str(project)}.items():
        text = text.replace(name, value)
    path = shared.directory / "spider-check.toml"
    path.write_bytes(text.encode("utf-8", "surrogateescape"))
    check(shared.run(keep_config=True), f"{path}:{number}:", word)


def test_a_file_that_is_not_there_is_refused(shared):
    shared.spider("a")
    for args, env in ((["-c", "elsewhere.toml"], {}),
                      ([], {"SPIDER_CHECK_CONFIG": "elsewhere.toml"})):
        check(shared.run(*args, env=env), shared.directory / "elsewhere.toml")


def test_a_directory_instead_of_a_file_is_refused(shared):
    shared.spider("a")
    check(shared.run("-c", shared.home), shared.home)


def test_every_command_checks_the_configuration(shared):
    for args in (["status"], ["migrate"], ["check"], ["--dry-run"], ["--force"]):
        path = shared.write_config("intervall = 1\n")
        check(shared.run(*args, keep_config=True), f"{path}:1:", '"intervall"')


@pytest.mark.parametrize("url", ["postgresql://me:hunter2@host:port/db", "hunter2@host",
                                 "postgresql://me:hunter2@[::1/db", "host=x passwort=hunter2",
                                 "postgresql://me:hunter2@host/db?nonsense=1",
                                 "host=h password='hunter2",
                                 # An unescaped slash makes what is before it a port.
                                 "postgresql://me:hunter2/hunter2@host/db"])
def test_a_bad_url_is_refused_without_its_password(shared, url):
    shared.spider("a").sections["database"]["url"] = url
    line = shared.config_text().splitlines().index("[database]") + 2
    result = shared.run("-v")
    check(result, f"{shared.directory}/spider-check.toml:{line}:", "url")
    assert "hunter2" not in result.err


def test_nothing_to_run_is_refused(shared):
    result = shared.run()
    assert (result.code, result.out) == (2, "")
    assert len(result.err.splitlines()) == 1
    assert "[[spider]]" in result.err


def test_a_relative_path_counts_from_the_directory_of_the_file(shared):
    (shared.home / "project").mkdir()
    path = shared.write_config("[scrapy]\nproject = 'project'\n", shared.home / "x.toml")
    check(shared.run("-c", path, keep_config=True), f"{path}:2:",
          f"{shared.home}/project/scrapy.cfg")
