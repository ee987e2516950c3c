"""A connection parameter that libpq would refuse is a mistake of the configuration, no outage."""

import pytest

from test_check import place, problems
from test_reach import place_of, service

# What is written, and a part of what is said to be right.
WRONG = [
    ("sslmode", "requre", "require"), ("sslmode", "Require", "verify-full"),
    ("target_session_attrs", "readwrite", "read-write"), ("channel_binding", "yes", "prefer"),
    ("gssencmode", "maybe", "disable"), ("connect_timeout", "abc", "a whole number"),
    ("connect_timeout", "5s", "a whole number"), ("keepalives_idle", "1m", "a whole number"),
    ("tcp_user_timeout", "99999999999", "a whole number"), ("keepalives", "on", "a whole number"),
    ("sslcompression", "true", "0 or 1"), ("sslsni", "yes", "0 or 1"),
    ("ssl_min_protocol_version", "1.2", "TLSv1.2"), ("ssl_max_protocol_version", "TLSv2", "TLSv1.3"),
]
VARIABLES = {"sslmode": "PGSSLMODE", "target_session_attrs": "PGTARGETSESSIONATTRS",
             "channel_binding": "PGCHANNELBINDING", "gssencmode": "PGGSSENCMODE",
             "connect_timeout": "PGCONNECT_TIMEOUT", "sslsni": "PGSSLSNI",
             "ssl_min_protocol_version": "PGSSLMINPROTOCOLVERSION",
             "ssl_max_protocol_version": "PGSSLMAXPROTOCOLVERSION"}
IDS = [f"{key}={value}" for key, value, _ in WRONG]


def assert_refused(world, start, value, right, *args, env=None):
    """Each time, and nothing runs."""
    for _ in range(2):
        result = world.run("-q", *args, env=env)
        assert (result.code, result.out) == (2, ""), result.err
        (line,) = result.err.splitlines()
        assert line.startswith(f"spider-check: {start}"), line
        assert right in line and value in line, line
    assert world.ran() == []


@pytest.mark.parametrize("key, value, right", WRONG, ids=IDS)
def test_in_a_url_it_is_refused_with_file_and_line(shared, key, value, right):
    shared.spider("a").sections["database"]["url"] += f"&{key}={value}"
    shared.write_config()
    assert_refused(shared, f"{place(shared, 'url')}database.url: {key}: expected ", value, right)


@pytest.mark.parametrize("key, value, right", [row for row in WRONG if row[0] in VARIABLES])
def test_in_the_environment_and_in_dotenv_it_is_refused_with_the_variable(shared, key, value, right):
    shared.spider("a")
    name = VARIABLES[key]
    assert_refused(shared, f"environment: {name}: expected ", value, right, env={name: value})
    dotenv = shared.directory / ".env"
    dotenv.write_text(f"\n{name}={value}\n")
    assert_refused(shared, f"{dotenv}:2: {name}: expected ", value, right)


@pytest.mark.parametrize("key, value, right", WRONG, ids=IDS)
def test_in_a_service_file_it_is_refused_with_the_service(shared, key, value, right):
    directory, name = place_of(shared)
    service(shared, f"host={directory}\ndbname={name}\nuser=postgres\n{key}={value}")
    shared.spider("a").sections["database"]["url"] = "postgresql:///?service=jobs"
    assert_refused(shared, f'service "jobs": {key}: expected ', value, right)


GOOD = [("sslmode", "prefer"), ("target_session_attrs", "read-write"), ("connect_timeout", " 5"),
        ("connect_timeout", "0"), ("connect_timeout", "-1"), ("keepalives", "0"),
        ("ssl_min_protocol_version", "tlsv1.2"), ("channel_binding", "prefer"), ("sslsni", "1")]


@pytest.mark.parametrize("key, value", GOOD)
def test_what_libpq_takes_is_taken(shared, key, value):
    shared.spider("a").sections["database"]["url"] += f"&{key}={value}".replace(" ", "%20")
    assert shared.run("history").code == 0


@pytest.mark.parametrize("url, says", [
    ("postgresql://a,b/x?port=1,2,3", "found 3 ports for 2 hosts"),
    ("postgresql://a:1,b:2/x?hostaddr=10.0.0.1", "found 1 for 2"),
    ("postgresql:///x?port=1,2", "found 2 ports for 1 host"),
    ("postgresql://a,b/x?port=1,65536", "the port is not valid"),
    ("host=a,b port=1,x", "the port is not valid"),
])
def test_lists_of_a_url_must_fit(shared, url, says):
    shared.spider("a").sections["database"]["url"] = url
    shared.write_config()
    assert_refused(shared, f"{place(shared, 'url')}database.url: ", says, "expected")


def test_lists_of_several_sources_must_fit_too(shared):
    shared.spider("a")
    del shared.sections["database"]["url"]
    assert_refused(shared, "environment: PGPORT: ", "3 ports for 2 hosts", "expected one port",
                   env={"PGHOST": "a,b", "PGPORT": "1,2,3"})
    assert_refused(shared, "environment: PGPORT: ", "\"x\" is not a valid port", "expected",
                   env={"PGHOST": "a,b", "PGPORT": "1,x"})


@pytest.mark.parametrize("text, says", [
    ("", 'definition of service "jobs" not found'),
    ("[jobs]\nnonsense\n", "syntax error in service file"),
    ("[jobs]\nservice=other\n", "nested service specifications not supported"),
    (None, 'definition of service "jobs" not found'),
])
def test_a_service_that_is_not_there_is_a_mistake(shared, text, says):
    if text is not None:
        (shared.home / ".pg_service.conf").write_text(text)
    shared.spider("a").sections["database"]["url"] = "postgresql:///?service=jobs"
    assert_refused(shared, "the database cannot be connected to: ", says, "correct [database]")
    for command in ("status", "history", "migrate"):
        result = shared.run(command)
        assert result.code == 2 and says in result.out + result.err
    result = shared.run("check")
    assert result.code == 2
    assert any(says in line for line in problems(result))


def test_a_service_file_that_is_not_there_is_a_mistake(shared):
    shared.spider("a").sections["database"]["url"] = "postgresql:///?service=jobs"
    assert_refused(shared, "the database cannot be connected to: ", 'service file "/nowhere" not found',
                   "correct [database]", env={"PGSERVICEFILE": "/nowhere"})


def test_a_range_of_versions_that_is_empty_is_a_mistake(shared):
    shared.spider("a").sections["database"]["url"] = (
        "postgresql://127.0.0.1:1/x?ssl_min_protocol_version=TLSv1.3&ssl_max_protocol_version=TLSv1.2")
    assert_refused(shared, "the database cannot be connected to: ", "invalid SSL protocol version range",
                   "correct [database]")


def test_a_service_that_goes_in_mid_run_is_an_outage_and_no_mistake(world):
    directory, name = place_of(world)
    service(world, f"host={directory}\ndbname={name}\nuser=postgres")
    world.sections["database"]["url"] = "postgresql:///?service=jobs"
    gate = world.gate()
    running = world.spider("a", gate.script).start("-v")
    gate.wait()
    (world.home / ".pg_service.conf").write_text("")
    world.sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
              "WHERE application_name LIKE 'spider-check%%' AND datname = current_database()")
    gate.open()
    running.says("The database is still away: .*definition of service")
    service(world, f"host={directory}\ndbname={name}\nuser=postgres")
    result = running.end()
    assert result.code == 0, result.err
    assert world.ran() == ["a"]
    assert world.only_run().status == "completed"
