"""health as a monitoring plugin, metrics as Prometheus reads them, the alerts and the dashboard."""

import json
import pathlib
import re
import shutil
import stat
import subprocess

import pytest

from world import HARD_TIMEOUT, installed_root

PROMTOOL = pathlib.Path("/usr/bin/promtool")
SOURCES = pathlib.Path(__file__).resolve().parents[2] / "packaging"
OK, WARNING, CRITICAL, UNKNOWN = range(4)
WORDS = ["OK", "WARNING", "CRITICAL", "UNKNOWN"]
FIGURE = r"[a-z_]+=(U|-?\d+(\.\d+)?(s|B|%)?)(;-?\d*){0,4}"


def promtool(*args, **options):
    if not PROMTOOL.exists():
        raise RuntimeError(f"there is no {PROMTOOL}; type: apt install prometheus")
    return subprocess.run([PROMTOOL, *map(str, args)], text=True, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, check=False, timeout=HARD_TIMEOUT, **options)


def health(world, *args, keep_config=False):
    """The level and the text of the answer, which must be a plugin's."""
    result = world.run("health", *args, keep_config=keep_config)
    assert result.err == ""
    (line,) = result.out.splitlines()
    assert result.code in range(4)
    start = f"SPIDER-CHECK {WORDS[result.code]} - "
    assert line.startswith(start)
    text, *figures = line[len(start):].split("|")
    if figures:
        (figures,) = figures
        assert re.fullmatch(rf" {FIGURE}( {FIGURE})*", figures)
    else:
        assert result.code == UNKNOWN
    return result.code, text.rstrip()


def add_crawl(world, run, spider, *, items=240, verdict="ok", reasons=(), ago="1 hour"):
    world.sql("INSERT INTO spider_run (run_id, spider, attempt, started_at, finished_at, status, "
              "verdict, reasons, exit_code, items, pages, errors, cpu_time, peak_memory) VALUES "
              "(%s, %s, 1, now() - %s::interval, now() - %s::interval + interval '90 s', %s, %s, "
              "%s, 0, %s, 31, 0, '12.5 s', 96000000)", run, spider, ago, ago,
              "failed" if verdict == "failed" else "completed", verdict, list(reasons), items)


# --- health -------------------------------------------------------------------------------------

def test_a_schedule_that_never_ran_and_one_that_is_fresh(world):
    world.spider("a")
    assert health(world) == (WARNING, "default: no run is recorded yet")
    assert world.run().code == 0
    level, text = health(world)
    assert level == OK
    assert re.fullmatch(r"default: the data is [\d.]+ \w+.* old, 1 spider ok", text)


def test_data_is_stale_when_it_is_older_than_the_limit(world):
    world.spider("a").freeze_clock()
    world.add_run("290 minutes")
    assert health(world)[0] == OK
    assert health(world, "--max-age", "285m")[0] == CRITICAL
    world.sql("UPDATE scheduler_state SET last_run_at = last_run_at - interval '20 minutes'")
    assert health(world) == (
        CRITICAL, "default: data is 5 h 10 min old (limit 5h)")
    assert health(world, "--max-age=6h")[0] == OK


def test_a_run_that_goes_on_is_about_to_mend_stale_data(world):
    world.spider("a", (gate := world.gate()).script).add_run("9 hours")
    running = world.start()
    gate.wait()
    level, text = health(world)
    assert level == WARNING
    assert f"pid {running.pid}, goes on" in text
    gate.open()
    assert running.end().code == 0
    assert health(world)[0] == OK


def test_a_failed_run_is_a_warning_until_no_attempts_are_left(world):
    world.spider("a").add_run("4 hours")
    world.spider("b", "exit 3")
    world.top["retry_after"] = "0s"
    for attempt, level in ((1, WARNING), (2, WARNING), (3, CRITICAL)):
        assert world.run().code == 1
        found, text = health(world)
        assert found == level
        assert f"attempt {attempt} of 3: 1 of 2 spiders failed (b)" in text
        assert "spider 'b' failed: exit status 3" in text


def test_a_degraded_spider_and_a_disabled_schedule_are_warnings(world):
    world.spider("a")
    run = world.add_run("1 hour")
    add_crawl(world, run, "news", verdict="degraded", reasons=["12 items, the median is 240", "x"])
    assert health(world) == (
        WARNING, "default: spider 'news' is degraded: 12 items, the median is 240")
    world.top["enabled"] = False
    world.sql("UPDATE scheduler_state SET last_run_at = last_run_at - interval '9 hours'")
    level, text = health(world)
    assert level == WARNING
    assert "the scheduler is disabled" in text and "data is 10 h" in text


def test_whatever_is_wrong_monitoring_gets_its_line(world):
    world.spider("a").sections["database"]["password"] = "hunter2"
    for args, part in ((["--max-age", "soon"], "--max-age"), (["--frobnicate"], "--frobnicate"),
                       (["extra"], "extra"), (["--force"], "--force"), (["-q", "-v"], "-q and -v"),
                       (["-c", "nowhere.toml"], "nowhere.toml")):
        level, text = health(world, *args)
        assert level == UNKNOWN
        assert part in text
    world.sections["database"]["url"] = f"postgresql:///nothing?host={world.home}&user=me"
    level, text = health(world)
    assert level == UNKNOWN
    assert str(world.home) in text
    assert "hunter2" not in text
    (world.directory / "spider-check.toml").write_text("[database]\npassword = 'hunter2'\nx = 1\n")
    level, text = health(world, keep_config=True)
    assert level == UNKNOWN
    assert 'unknown key "x"' in text and "hunter2" not in text


def test_a_database_that_was_never_prepared_is_unknown(empty_world):
    level, text = health(empty_world.spider("a"))
    assert level == UNKNOWN
    assert "spider-check migrate" in text


def test_hostile_names_stay_one_line_without_figures(world):
    name = 'a|age=0s\n\x1b[31m"'
    world.top["name"] = "|x=1"
    world.spider(name, "exit 1").run()
    level, text = health(world)
    assert level == CRITICAL
    assert text.startswith("/x=1: never succeeded")


# --- metrics ------------------------------------------------------------------------------------

def metrics(world):
    result = world.run("metrics")
    assert (result.code, result.err) == (0, "")
    check_metrics(result.out)
    return result.out


def check_metrics(text):
    checked = promtool("check", "metrics", input=text)
    assert (checked.returncode, checked.stdout) == (0, "")


def names_in(text):
    """Of the metrics in a text of any kind."""
    return set(re.findall(r"\bspider_check_[a-z_]+", text))


def value(text, name, **labels):
    """Of the one sample of this name with these labels; None when there is none."""
    lines = [line for line in text.splitlines() if line.startswith(name + "{")
             and all(f'{label}="{what}"' in line for label, what in labels.items())]
    return float(lines[0].rpartition(" ")[2]) if lines else None


def in_full(world):
    """Metrics of a schedule of which everything is known."""
    gate = world.gate()
    world.spider("slow", gate.script)
    for hours in (29, 25, 21, 17, 13, 9):
        add_crawl(world, world.add_run(f"{hours} hours", finished_at="now()"), "news",
                  ago=f"{hours} hours")
    world.sql("UPDATE spider_run SET rows = 240")
    running = world.start()
    gate.wait()
    text = metrics(world)
    gate.open()
    assert running.end().code == 0
    return text + metrics(world)


def test_metrics_tell_what_status_tells(world):
    world.spider("a").add_run("4 hours")
    world.spider("b", "exit 1")
    text = metrics(world)
    assert value(text, "spider_check_running") == 0
    assert value(text, "spider_check_failed_runs") == 0
    assert value(text, "spider_check_spider_verdict") is None
    assert world.run().code == 1
    text = metrics(world)
    status = json.loads(world.run("status", "--json").out)
    assert value(text, "spider_check_last_run_status", status="failed") == 1
    assert value(text, "spider_check_last_run_status", status="completed") == 0
    assert value(text, "spider_check_failed_runs") == 1
    assert value(text, "spider_check_interval_seconds") == status["interval_seconds"]
    assert value(text, "spider_check_last_run_spiders") == 2
    assert value(text, "spider_check_spider_verdict", spider="a", verdict="ok") == 1
    assert value(text, "spider_check_spider_verdict", spider="b", verdict="failed") == 1
    assert value(text, "spider_check_spider_last_success_timestamp_seconds", spider="b") is None
    assert value(text, "spider_check_spider_items", spider="a") is None
    assert value(text, "spider_check_spider_peak_memory_bytes", spider="a") > 0
    started = world.runs()[-1].last_run_at.timestamp()
    shown = value(text, "spider_check_last_run_timestamp_seconds")
    assert shown == pytest.approx(started, abs=1e-5)


def test_promtool_takes_hostile_names(world):
    world.top["name"] = 'a"b\\c\n{}=,#'
    for name in ('"', "\\", "\\n", "a\nb", "\x1b[31m", "größe", "\u202e", "x" * 500, "{}", " "):
        world.spider(name)
    assert world.run().code == 0
    text = metrics(world)
    assert value(text, "spider_check_spider_verdict", verdict="ok") == 1
    assert len(re.findall(r"(?m)^spider_check_spider_verdict\{.*verdict=\"ok\"\} 1$", text)) == 10


def test_promtool_takes_what_is_known_of_crawls_and_of_a_run_that_goes_on(world):
    text = in_full(world)
    assert value(text, "spider_check_spider_median_items", spider="news") == 240
    assert value(text, "spider_check_spider_duration_seconds", spider="news") == 90
    assert value(text, "spider_check_spider_cpu_seconds", spider="news") == 12.5
    assert value(text, "spider_check_running") == 1


def without_times(text):
    return re.sub(r"(?m)^(spider_check_collected_timestamp_seconds\{.*\}) .*$", r"\1", text)


def test_each_run_writes_the_metrics_for_everybody_to_read_and_a_skip_does_not(world):
    file = world.directory / "out/spider-check.prom"
    file.parent.mkdir()
    world.sections["metrics"] = {"path": "out/spider-check.prom"}
    world.spider("a")
    assert world.run(before=("/bin/sh", "-c", 'umask 077; exec "$0" "$@"')).code == 0
    assert stat.S_IMODE(file.stat().st_mode) == 0o644
    assert without_times(file.read_text()) == without_times(metrics(world))
    assert value(file.read_text(), "spider_check_running") == 0
    before = file.stat()
    assert world.run().code == 0
    assert (file.stat().st_ino, file.stat().st_mtime_ns) == (before.st_ino, before.st_mtime_ns)
    assert world.run("--force").code == 0
    assert file.stat().st_ino != before.st_ino or file.stat().st_mtime_ns != before.st_mtime_ns
    assert [path.name for path in file.parent.iterdir()] == [file.name]


def test_a_schedule_that_is_disabled_or_enabled_again_says_so_once(world):
    file = world.directory / "x.prom"
    world.sections["metrics"] = {"path": "x.prom"}
    assert world.spider("a").run().code == 0
    assert value(file.read_text(), "spider_check_enabled") == 1
    world.top["enabled"] = False
    assert world.run().code == 0
    assert value(file.read_text(), "spider_check_enabled") == 0
    file.unlink()
    assert world.run().code == 0
    assert not file.exists()
    world.top["enabled"] = True
    assert world.run().code == 0
    assert value(file.read_text(), "spider_check_enabled") == 1
    file.unlink()
    assert world.run().code == 0
    assert not file.exists()
    assert world.ran() == ["a"]


def test_metrics_that_cannot_be_written_are_one_warning_and_no_failure(world):
    world.sections["metrics"] = {"path": "nowhere/x.prom"}
    result = world.spider("a").run("-q")
    assert result.code == 0
    (line,) = result.err.splitlines()
    assert re.search(r" warn .*nowhere/x\.prom.*No such file or directory", line)
    assert world.only_run().status == "completed"


def test_a_run_without_the_database_is_in_the_metrics_once_it_is_recorded(world):
    file = world.directory / "x.prom"
    world.sections["metrics"] = {"path": "x.prom"}
    world.spider("a")
    url = world.sections["database"]["url"]
    world.sections["database"]["url"] = f"postgresql:///nothing?host={world.home}&user=me"
    assert world.run().code == 0
    assert world.ran() == ["a"]
    assert not file.exists()
    world.sections["database"]["url"] = url
    assert world.run().code == 0
    assert world.ran() == ["a"]
    assert value(file.read_text(), "spider_check_last_success_timestamp_seconds") > 0


# --- What is made from the metrics --------------------------------------------------------------

def packaged(name):
    return installed_root() / "share/spider-check" / name


def expressions(value):
    """Of a dashboard."""
    if isinstance(value, dict):
        for key, inner in value.items():
            if key in ("expr", "definition"):
                yield inner
            else:
                yield from expressions(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from expressions(inner)


def test_the_alerts_fire_when_they_should_and_only_then(tmp_path):
    shutil.copy(packaged("prometheus/alerts.yml"), tmp_path)
    shutil.copy(SOURCES / "prometheus/alerts_test.yml", tmp_path)
    checked = promtool("check", "rules", "--lint=all", "--lint-fatal", "alerts.yml", cwd=tmp_path)
    assert checked.returncode == 0, checked.stdout
    tested = promtool("test", "rules", "alerts_test.yml", cwd=tmp_path)
    assert tested.returncode == 0, tested.stdout
    # Each has been seen to fire.
    alerts = re.findall(r"- alert: (\w+)", (tmp_path / "alerts.yml").read_text())
    cases = (tmp_path / "alerts_test.yml").read_text()
    fired = re.findall(r"alertname: (\w+)\n +exp_alerts:", cases)
    assert set(alerts) == set(fired) and len(alerts) == 6


def test_alerts_and_dashboard_name_metrics_that_there_are(world):
    printed = names_in(in_full(world))
    alerts = names_in(packaged("prometheus/alerts.yml").read_text())
    assert alerts and alerts <= printed
    tested = names_in((SOURCES / "prometheus/alerts_test.yml").read_text())
    assert tested <= printed
    dashboard = json.loads(packaged("grafana/spider-check.json").read_text())
    shown = names_in(" ".join(expressions(dashboard)))
    assert len(shown) > 10 and shown <= printed


def test_the_reference_lists_every_metric_and_no_other(world):
    text = (SOURCES.parent / "docs/reference.md").read_text(encoding="utf-8")
    table = text.partition("| metric, behind `spider_check_` |")[2].partition("\n\n")[0]
    rows = [line.split(" | ")[0] for line in table.splitlines() if line.startswith("| `")]
    listed = {f"spider_check_{name}" for row in rows for name in re.findall("`([a-z_]+)`", row)}
    assert listed == names_in(in_full(world))


def test_prometheus_takes_every_expression_of_the_dashboard(tmp_path):
    dashboard = json.loads(packaged("grafana/spider-check.json").read_text())
    exprs = [target["expr"] for panel in dashboard["panels"] for target in panel["targets"]]
    rules = [{"record": f"panel:number_{number}", "expr": expr}
             for number, expr in enumerate(exprs)]
    # JSON is YAML, too.
    (tmp_path / "rules.yml").write_text(json.dumps({"groups": [{"name": "x", "rules": rules}]}))
    checked = promtool("check", "rules", tmp_path / "rules.yml")
    assert checked.returncode == 0, checked.stdout
    assert f"{len(exprs)} rules found" in checked.stdout


def test_the_panels_of_the_dashboard_lie_beside_each_other():
    dashboard = json.loads(packaged("grafana/spider-check.json").read_text())
    taken = set()
    for panel in dashboard["panels"]:
        place = panel["gridPos"]
        cells = {(x, y) for x in range(place["x"], place["x"] + place["w"])
                 for y in range(place["y"], place["y"] + place["h"])}
        assert not cells & taken, panel["title"]
        assert place["x"] + place["w"] <= 24
        taken |= cells
    numbers = [panel["id"] for panel in dashboard["panels"]]
    assert len(set(numbers)) == len(numbers)
