"""The three promises that hold after every fault, checked on the database and the spiders' own notes.

1. Never two runs of one slot at the same time.
2. Every start of a spider that happened is recorded exactly once.
3. The oldest success is within the promise, where the machine was on.
"""

import collections

OVERLAP = """
SELECT concat_ws(' ', a.spider, a.run_id, a.attempt) AS one,
       concat_ws(' ', b.spider, b.run_id, b.attempt) AS other,
       least(a.finished_at, b.finished_at) - greatest(a.started_at, b.started_at) AS together
FROM spider_run a JOIN spider_run b ON (a.run_id, a.attempt, a.spider) < (b.run_id, b.attempt, b.spider)
JOIN scheduler_state ra ON ra.id = a.run_id JOIN scheduler_state rb ON rb.id = b.run_id
WHERE ra.schedule = rb.schedule AND NOT concat(a.reasons, b.reasons) LIKE '%%interrupted%%'
AND least(a.finished_at, b.finished_at) - greatest(a.started_at, b.started_at) > interval '1 second'"""


def silent_for(world, interval):
    """What the database knows of a run's owner that was last heard of so long ago."""
    world.sql("UPDATE scheduler_state SET updated_at = now() - %s::interval WHERE status = 'running'",
              interval)


def silence(world):
    """For how many seconds nothing has been heard of the newest run's owner."""
    return world.sql("SELECT extract(epoch from clock_timestamp() - updated_at) AS seconds "
                     "FROM scheduler_state ORDER BY id DESC LIMIT 1")[0].seconds


def check_never_two_at_once(world):
    """With concurrency 1, as a World has it, no two spiders of a schedule may be alive at once.

    The life of a spider whose program died includes the grace that it then has.
    """
    overlaps = [note for note in world.notes() if note.what == "overlap"]
    assert not overlaps, f"two spiders at once: {overlaps}"
    # An interrupted spider's end is when it was found out.
    together = world.sql(OVERLAP)
    assert not together, f"rows of spiders that ran at the same time: {together}"


def short(log):
    """The spider's name and the name of its log, which no other start has."""
    return "/".join(log.split("/")[-2:])


def check_each_start_is_recorded_once(world):
    outcomes = world.outcomes()
    recorded = collections.Counter(short(row.log_path) for row in outcomes)
    started = collections.Counter(short(note.log) for note in world.notes() if note.what == "begin")
    missing = started - recorded
    assert not missing, f"started and not recorded: {[*missing]}; recorded: {[*recorded]}"
    for log in recorded - started:
        assert log not in started, f"recorded more than once: {log}"
        (row,) = [row for row in outcomes if short(row.log_path) == log]
        # It was stopped before it could note anything; a success would be made up.
        assert row.verdict == "failed", f"recorded and never started: {row}"


def check_what_is_known_is_recorded(world):
    """A spider that got to its end before anything was killed has its own verdict."""
    ends = {short(note.log): note.what for note in world.notes()
            if note.what.startswith("end")}
    for row in world.outcomes():
        if row.verdict != "failed":
            assert ends.get(short(row.log_path)) == "end0", f"a success that was none: {row}"


def check_settled(world):
    unsettled = [run for run in world.runs() if run.status == "running"]
    assert not unsettled, f"still running: {unsettled}"


def check_success_is_within(world, spiders, age="1 hour"):
    fresh = world.sql(
        "SELECT DISTINCT spider FROM spider_run JOIN scheduler_state r ON r.id = run_id "
        "WHERE r.status = 'completed' AND verdict IN ('ok', 'degraded') "
        "AND r.last_run_at > now() - %s::interval", age)
    missing = set(spiders) - {row.spider for row in fresh}
    assert not missing, f"no fresh success of {missing}: {world.outcomes()}"


def check_once_an_interval(world):
    """For a test that takes less than an interval: nothing that succeeded runs again, ever."""
    successes = collections.Counter(row.spider for row in world.outcomes() if row.verdict != "failed")
    assert set(successes.values()) <= {1}, f"successes in one interval: {dict(successes)}"


def check(world, *, fresh=True):
    check_never_two_at_once(world)
    check_each_start_is_recorded_once(world)
    check_what_is_known_is_recorded(world)
    check_settled(world)
    if fresh:
        check_success_is_within(world, [spider["name"] for spider in world.spiders])
