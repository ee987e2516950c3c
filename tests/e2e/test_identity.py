"""A journal belongs to one configuration file and to one database, whatever both are called, and what is in
it belongs to whoever the state directory belongs to."""

import os
import shutil

import pytest

from world import toml

WITHOUT_OVERRIDE = ["setpriv", "--bounding-set=-dac_override,-dac_read_search"]
SOMEBODY = 65534

@pytest.fixture
def open_server(world):
    """Which a user without root's rights may reach, too."""
    directory = world.server.directory
    before = directory.stat().st_mode
    directory.chmod(0o755)
    yield
    directory.chmod(before)


def require_root():
    assert os.geteuid() == 0, "files of two users need root: run these tests as root"


class Project:
    """A configuration of its own in the same user's home, as `init` writes none: without a name."""

    def __init__(self, world, name, url=None):
        self.world, self.name = world, name
        self.directory = world.directory / name
        self.directory.mkdir()
        self.made = []
        self.url = url or self.new_database()
        self.away = False

    def new_database(self):
        """With an identity of its own: one that is made from a template has that one's."""
        url = self.world.server.create_database(self.world.template)
        with self.world.server.connect(url) as connection:
            connection.cursor().execute("UPDATE spider_check_database SET id = gen_random_uuid()")
        self.made.append(url)
        return url

    def sql(self, text):
        with self.world.server.connect(self.url) as connection:
            cursor = connection.cursor()
            cursor.execute(text)
            return cursor.fetchall() if cursor.description else []

    def age(self):
        self.sql("UPDATE scheduler_state SET last_run_at = last_run_at - interval '5 hours'")

    def spiders(self):
        """Of each recorded run."""
        return self.sql("SELECT spider, count(*) FROM spider_run GROUP BY 1")

    def run(self, *args, before=(), keys=""):
        url = self.url + "&port=1" if self.away else self.url
        script = f"printf '%s\\0' {self.name} >>{self.world.directory}/ran"
        file = self.directory / "spider-check.toml"
        self.world.write_config(
            f"{keys}\n[database]\nurl = {toml(url)}\n[[spider]]\nname = \"spider_of_{self.name}\"\n"
            f"command = [\"/bin/sh\", \"-c\", {toml(script)}]\n", file)
        return self.world.run(*args, "-c", file, before=before, keep_config=True)


@pytest.fixture
def two(world):
    one, other = Project(world, "one"), Project(world, "two")
    yield one, other
    for url in one.made + other.made:
        world.server.drop_database(url)


def test_two_projects_of_one_name_never_see_each_others_journal(world, two):
    one, other = two
    assert other.run("-q") == (0, "", "")
    one.away = True
    assert one.run("-q").code == 0  # whatever the other one knows
    assert one.run("-q").code == 0  # its own last success is a moment ago
    assert world.ran() == ["two", "one"]
    other.age()
    assert other.run("-q") == (0, "", "")
    assert other.spiders() == [("spider_of_two", 2)]
    assert one.spiders() == []
    one.away = False
    assert "Recorded from the journal" in one.run().err
    assert one.spiders() == [("spider_of_one", 1)]
    assert other.spiders() == [("spider_of_two", 2)]
    assert world.ran() == ["two", "one", "two"]


def test_an_attempt_stays_until_its_own_database_is_connected_again(world, two):
    one, other = two
    assert one.run("-q").code == 0
    one.away = True
    assert one.run("-q", "--force").code == 0
    first, one.url, one.away = one.url, other.url, False
    told = one.run("-q").err
    assert "1 attempt(s) in the journal in " in told and "belong to another database" in told
    assert first.partition(":///")[2].partition("?")[0] in told  # its name
    assert one.run("-q") == (0, "", "")  # loud once
    assert one.spiders() == [("spider_of_one", 1)]  # it started afresh there
    assert "1 attempt belongs to another database" in one.run("status").out
    assert "1 attempt(s) that belong to another database" in one.run("check").out
    one.url = first
    assert one.run("-q") == (0, "", "")
    assert one.spiders() == [("spider_of_one", 2)]
    assert "another database" not in one.run("status").out
    assert world.ran() == ["one"] * 3


def test_a_database_that_was_made_anew_holds_back_nothing(world, two):
    one, _ = two
    assert one.run("-q").code == 0
    one.away = True
    assert one.run("-q", "--force").code == 0
    one.away = False
    world.server.drop_database(one.made.pop())
    one.url = one.new_database()
    world.forget_what_ran()
    one.run("-q")
    assert world.ran() == ["one"]
    assert one.spiders() == [("spider_of_one", 1)]


def test_a_moved_project_keeps_its_journal(world, two):
    one, _ = two
    one.away = True
    assert one.run("-q").code == 0
    one.directory = one.directory.rename(world.directory / "moved")
    (one.directory / "spider-check.toml").rename(one.directory / "old.toml")
    one.away = False
    one.run("-q")
    assert one.spiders() == [("spider_of_one", 1)]
    assert world.ran() == ["one"]


def test_in_one_database_a_shared_name_is_said_once_for_each_run(world):
    one = Project(world, "one", world.url)
    other = Project(world, "two", world.url)
    assert one.run("-q") == (0, "", "")
    told = other.run("-q").err
    assert "schedule 'default'" in told and "spider_of_one" in told
    assert f'set name = "two" in {other.directory}/spider-check.toml' in told
    assert other.run("-q") == (0, "", "")
    assert one.run("-q") == (0, "", "")
    one.age()
    assert "spider_of_one" in other.run("-q").err  # it runs, and says so
    assert world.ran() == ["one", "two"]
    ((faults,),) = one.sql("SELECT faults FROM scheduler_state ORDER BY id DESC LIMIT 1")
    assert len(faults) == 1 and 'set name = "two"' in faults[0]
    assert other.run("-q", keys='name = "two"').code == 0
    assert world.ran() == ["one", "two", "two"]


def test_what_root_makes_in_the_state_directory_of_another_user_is_that_users(world):
    require_root()
    state = world.directory / "state"
    state.mkdir()
    os.chown(state, SOMEBODY, SOMEBODY)
    world.top["state_dir"] = str(state)
    world.spider("a")
    assert world.run("-q").code == 0
    world.sections["database"]["url"] = world.url + "&port=1"
    assert world.run("-q", "--force").code == 0
    made = [*state.glob("journal/**/*"), *state.glob("journal")]
    assert [path for path in made if path.suffix == ".attempt"]
    assert {(path.stat().st_uid, path.stat().st_gid) for path in made} == {(SOMEBODY, SOMEBODY)}
    assert world.ran() == ["a", "a"]


def test_an_attempt_that_cannot_be_read_is_said_by_each_tick_and_counted(world, open_server):
    require_root()
    world.spider("a")
    assert world.run("-q").code == 0
    away = world.url + "&port=1"
    world.sections["database"]["url"] = away
    assert world.run("-q", "--force").code == 0
    (attempt,) = world.home.glob(".local/state/spider-check/journal/*/*.attempt")
    os.chown(attempt, SOMEBODY, SOMEBODY)
    world.sections["database"]["url"] = world.url
    for _ in range(2):
        (warning,) = world.run("-q", before=WITHOUT_OVERRIDE).err.splitlines()
        assert " warn " in warning and f"chown root {attempt}" in warning
    assert f"chown root {attempt}" in world.run("status", before=WITHOUT_OVERRIDE).out
    assert '"unreadable_attempts": 1' in world.run("status", "--json", before=WITHOUT_OVERRIDE).out
    checked = world.run("check", before=WITHOUT_OVERRIDE)
    assert checked.code == 2 and f"chown root {attempt}" in checked.out
    os.chown(attempt, 0, 0)
    assert world.run("-q") == (0, "", "")
    assert [row.count for row in world.sql("SELECT count(*) FROM scheduler_state")] == [2]


def test_a_journal_whose_directory_cannot_be_read_is_said(world, open_server):
    require_root()
    world.spider("a")
    assert world.run("-q").code == 0
    (journal,) = world.home.glob(".local/state/spider-check/journal/default")
    os.chown(journal, SOMEBODY, SOMEBODY)
    said = world.run("-q", before=WITHOUT_OVERRIDE).err
    assert f"chown -R root {journal}" in said
    assert f"chown -R root {journal}" in world.run("status", before=WITHOUT_OVERRIDE).out


def test_a_state_directory_that_is_removed_in_mid_run_loses_no_outcome(world):
    gate = world.gate()
    world.spider("a").spider("b", gate.script)
    world.top["on_database_error"] = "run"
    running = world.start()
    gate.wait()
    state = world.home / ".local/state/spider-check"
    shutil.rmtree(state)
    cut_off(world)
    running.signal(15)  # then it waits for the database some seconds only
    ended = running.end()
    assert "kept in the journal" in ended.err
    (attempt,) = state.glob("journal/*/*.attempt")
    text = attempt.read_text(encoding="utf-8")
    assert text.count('"kind":"outcome"') == 2 and '"kind":"end"' in text
    let_in(world)
    gate.open()
    assert "Recorded from the journal: run 1, attempt 1, 2 spider(s)" in world.run().err
    recorded = [(row.attempt, row.spider, row.verdict) for row in world.outcomes()]
    assert recorded == [(1, "a", "ok"), (1, "b", "failed"), (2, "b", "ok")]
    assert world.ran() == ["a", "b", "b"]


def test_no_second_run_starts_where_the_state_directory_was_removed(world):
    gate = world.gate()
    world.spider("a", gate.script)
    running = world.start()
    gate.wait()
    shutil.rmtree(world.home / ".local/state/spider-check")
    away = world.url + "&port=1"
    world.sections["database"]["url"] = away
    second = world.run()
    assert "already running" in second.err.lower()
    gate.open()
    assert running.end().code == 0
    assert world.ran() == ["a"]


def name_of(url):
    return url.partition(":///")[2].partition("?")[0]


def cut_off(world):
    """Nobody connects any more, and whoever is is thrown out."""
    with world.server.connect() as connection:
        cursor = connection.cursor()
        cursor.execute(f"ALTER DATABASE {name_of(world.url)} ALLOW_CONNECTIONS false")
        cursor.execute("SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity WHERE datname = %s",
                       (name_of(world.url),))


def let_in(world):
    with world.server.connect() as connection:
        connection.cursor().execute(f"ALTER DATABASE {name_of(world.url)} ALLOW_CONNECTIONS true")
