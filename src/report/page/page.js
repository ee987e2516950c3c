"use strict";

// Draws the page from the JSON document in it. Names, reasons and logs in there are foreign: they become text
// nodes or values of attributes, never HTML.
(() => {
  /** @type {(id: string) => any} */
  const byId = (id) => document.getElementById(id);
  const data = JSON.parse(byId("data").textContent);
  const { status, history, headline } = data;

  // ---- Elements --------------------------------------------------------------------------------

  function fill(element, attributes, children) {
    for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
    element.append(...children.flat().filter((child) => child !== null));
    return element;
  }

  const html = (name, attributes = {}, ...children) => fill(document.createElement(name), attributes, children);
  const svg = (name, attributes = {}, ...children) =>
    fill(document.createElementNS("http://www.w3.org/2000/svg", name), attributes, children);

  const fact = (name, ...value) => html("div", {}, html("dt", {}, name), html("dd", {}, ...value));
  const small = (...children) => html("small", {}, ...children);
  const lineBreak = () => html("br");

  const section = (id, title, ...children) =>
    html("section", { "aria-labelledby": id }, html("h2", { id }, title), ...children);

  const more = (count) => (count > 0 ? html("p", { class: "empty" }, `and ${count} more`) : null);

  // The class of a state is the name of its shape and its colour.
  const classOf = (state) => (state === "completed" ? "ok" : state);

  const mark = (state, x, y, ...children) => svg("use", { href: `#m-${classOf(state)}`, x, y }, ...children);

  const badge = (state, words = state) => html("span", { class: `badge ${classOf(state)}` },
    svg("svg", { width: 14, height: 14, "aria-hidden": "true" }, mark(state, 7, 7)), words);

  const key = (...drawing) => svg("svg", { class: "key", width: 26, height: 14, "aria-hidden": "true" }, ...drawing);

  const reasonList = (reasons) =>
    (reasons.length > 0 ? html("ul", { class: "reasons" }, reasons.map((reason) => html("li", {}, reason))) : null);

  function scrolling(label, ...children) {
    return html("div", { class: "scroll", role: "region", tabindex: 0, ...label }, ...children);
  }

  const headOf = (names) =>
    html("thead", {}, html("tr", {}, names.map((name) => html("th", { scope: "col" }, name))));

  // ---- Numbers and words -----------------------------------------------------------------------

  const grouped = (number) => String(number).replace(/\B(?=(\d{3})+$)/g, ",");
  const counted = (number, what) => `${grouped(number)} ${what}${number === 1 ? "" : "s"}`;
  const percent = (share) => `${Math.round(Math.min(Math.max(share, 0), 1) * 10000) / 100}%`;

  /** @type {[number, string][]} */
  const UNITS = [[86400, "d"], [3600, "h"], [60, "min"], [1, "s"]];

  // As the program says it: at most two units, rounded down, and tenths below ten seconds.
  function words(seconds) {
    if (seconds < 0) return `-${words(-seconds)}`;
    if (seconds < 10) return `${(Math.floor(seconds * 10) / 10).toFixed(1)} s`;
    const first = UNITS.findIndex(([length]) => seconds >= length);
    const [length, unit] = UNITS[first];
    const [nextLength, nextUnit] = UNITS[first + 1] ?? [Infinity, ""];
    const rest = Math.floor((seconds % length) / nextLength);
    return `${Math.floor(seconds / length)} ${unit}${rest > 0 ? ` ${rest} ${nextUnit}` : ""}`;
  }

  const wholeWords = (seconds) => (seconds < 10 ? `${seconds} s` : words(seconds));

  // ---- Times, in the schedule's zone -----------------------------------------------------------

  const DAY = 86400;
  const WEEKDAYS = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];
  const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

  // A time is text as in --json, or milliseconds since 1970.
  const milliseconds = (time) => new Date(time).getTime();
  const seconds = (time) => Math.floor(milliseconds(time) / 1000);

  const offsetAt = (time) => data.zone.findLast(([from]) => from <= seconds(time)) ?? data.zone[0];

  // Seconds since 1970 of the wall clock.
  const local = (time) => seconds(time) + offsetAt(time)[1];
  const at = (time) => new Date(local(time) * 1000).toISOString().slice(0, 19).replace("T", " ");
  const clock = (time) => at(time).slice(11, 16);
  const zoned = (time) => `${at(time)} ${offsetAt(time)[2]}`;

  function dayName(day) {
    const date = new Date(day * DAY * 1000);
    return `${WEEKDAYS[date.getUTCDay()]} ${date.getUTCDate()} ${MONTHS[date.getUTCMonth()]}`;
  }

  // refreshAges() writes how long ago it is.
  const ago = (time) => html("span", { class: "ago", "data-t": seconds(time) });
  const timeElement = (time, text, attributes = {}) =>
    html("time", { datetime: new Date(time).toISOString(), ...attributes }, text);

  // When, and how long ago.
  const moment = (time) => [timeElement(time, zoned(time)), " ", ago(time)];

  // How long ago, and below it when; without the year where it is clear.
  function aged(time) {
    const lately = milliseconds(status.now) - milliseconds(time) < 300 * DAY * 1000;
    const when = lately ? `${dayName(Math.floor(local(time) / DAY))}, ${clock(time)}` : at(time);
    return [ago(time), lineBreak(), small(timeElement(time, when, { title: zoned(time) }))];
  }

  function refreshAges() {
    const now = Math.floor(Date.now() / 1000);
    for (const span of document.querySelectorAll(".ago")) {
      const age = now - Number(/** @type {any} */ (span).dataset.t);
      span.textContent = age > 0 ? `${wholeWords(age)} ago` : age < 0 ? `in ${wholeWords(-age)}` : "now";
    }
    warnOfAge(now - seconds(status.now));
  }

  // An old page must not be taken for the present.
  function warnOfAge(age) {
    const note = byId("aged");
    if (age < Math.max(status.interval_seconds, 600)) {
      note?.remove();
      return;
    }
    if (!note) byId("asof").after(html("p", { id: "aged", class: "aged" }));
    byId("aged").textContent = `This page is ${words(age)} old: what it says was so then.`;
  }

  // ---- Rows of the document --------------------------------------------------------------------

  const textOf = (number) => (Array.isArray(number) ? number.map(textOf) : data.texts[number]);

  // Rows of values and numbers of texts become objects.
  function objects({ values, texts, rows }) {
    return rows.map((row) => {
      const object = {};
      values.forEach((name, i) => { object[name] = row[i]; });
      texts.forEach((name, i) => { object[name] = textOf(row[values.length + i]); });
      return object;
    });
  }

  const STATES = ["completed", "degraded", "failed", "interrupted", "stopped", "running"];
  const stateOf = (run) => (run.status === "completed" && run.degraded > 0 ? "degraded" : run.status);

  const runs = objects(history.runs).map((run) => ({ ...run, state: stateOf(run) }));
  const gaps = objects(history.gaps);

  // "7 completed", "1 failed": those that there are.
  function countStates(some, states = STATES) {
    return states.map((state) => ({ state, count: some.filter((run) => run.state === state).length }))
      .filter(({ count }) => count > 0)
      .map(({ state, count }) => ({ state, words: `${grouped(count)} ${state}` }));
  }

  // ---- The headline ----------------------------------------------------------------------------

  function dueWords() {
    const { words: said, at: time, why } = headline.due;
    const parts = [time === null ? said : moment(time)];
    if (why) parts.push(lineBreak(), small(why));
    return parts;
  }

  function runningWords() {
    const run = status.running;
    if (run === null) return ["nothing"];
    return [badge("running", `run ${run.id}`), ` on ${run.on}, since `, moment(run.since)];
  }

  function lastRunWords() {
    const run = status.last_run;
    if (run === null) return ["none"];
    const parts = [badge(run.status, `run ${run.id} ${run.status}`), " ", moment(run.started_at)];
    if (run.failure !== null) parts.push(lineBreak(), small(run.failure));
    return parts;
  }

  function tally() {
    const parts = countStates(runs).map(({ state, words: text }) => [badge(state, text), " "]);
    if (history.cut) parts.push([small("and older ones")]);
    return parts.length > 0 ? parts.flat() : ["no run"];
  }

  function lead() {
    const since = headline.stale_since;
    return html("p", { class: "lead" }, headline.sentence, since === null ? [] : [" ", ...moment(since), "."]);
  }

  function notes() {
    if (headline.notes.length === 0) return null;
    return html("ul", { class: "notes" }, headline.notes.map((note) => html("li", {}, note)));
  }

  function drawHeadline() {
    const icon = svg("g", { transform: "translate(15 15) scale(2.2)" },
      svg("use", { href: headline.fresh ? "#m-ok" : "#m-failed" }));
    return html("header", {},
      html("p", { class: "schedule" }, "Schedule ", html("b", {}, status.schedule)),
      html("h1", { class: headline.fresh ? "fresh" : "stale" },
        svg("svg", { width: 30, height: 30, "aria-hidden": "true" }, icon), headline.word),
      lead(),
      html("p", { class: "asof", id: "asof" }, "As of ", ...moment(status.now)),
      notes(),
      html("dl", { class: "facts" },
        fact("Next due", ...dueWords().flat()),
        fact("Running now", ...runningWords().flat()),
        fact("Last run", ...lastRunWords().flat()),
        fact("Last 30 days", ...tally())));
  }

  // ---- Spiders ---------------------------------------------------------------------------------

  const BARS = 20;

  function bar(point, share, place) {
    const x = (place + 0.5) / BARS;
    if (["failed", "stopped"].includes(point.verdict)) return mark(point.verdict, percent(x), 27);
    const height = Math.max(2, Math.round(share * 30));
    return svg("rect", { class: `bar ${point.verdict}`, x: percent(x - 0.35 / BARS), width: percent(0.7 / BARS),
      y: 33 - height, height });
  }

  // A bar for each of the last attempts: its items, or its duration where there are none.
  function sparkline(points) {
    if (points.length === 0) return null;
    const member = points.some((point) => point.items !== null) ? "items" : "seconds";
    const top = Math.max(...points.map((point) => point[member] ?? 0)) || 1;
    const failed = points.filter((point) => point.verdict === "failed").length;
    const label = `${member === "items" ? "Items" : "Duration"} of the last ${counted(points.length, "attempt")}, ` +
      `${failed} failed`;
    return svg("svg", { class: "spark", width: "100%", height: 34, role: "img", "aria-label": label },
      svg("rect", { class: "base", y: 33, width: "100%", height: 1 }),
      points.map((point, i) => bar(point, (point[member] ?? 0) / top, BARS - points.length + i)));
  }

  const amount = (number, median) =>
    [grouped(number), (median ?? null) === null ? null : [" ", small(`median ${grouped(median)}`)]].flat();

  function drawSpider(spider) {
    const { last } = spider;
    const freshness = spider.fresh ? "fresh" : "stale";
    const facts = [fact("Last success", ...(spider.last_success === null ? ["never"] : aged(spider.last_success)))];
    if (spider.last_success !== spider.last_started_at) {
      facts.push(fact("Last started", ...aged(spider.last_started_at)));
    }
    facts.push(fact("Items", ...(last.items === null ? [small("no crawl")] : amount(last.items, spider.median_items))));
    if (last.rows !== undefined) facts.push(fact("Rows", ...amount(last.rows, spider.median_rows)));
    facts.push(fact("Took", words(last.seconds)));
    return html("li", { class: `card ${last.verdict}` }, html("h3", {}, spider.spider),
      html("p", { class: "badges" }, badge(last.verdict), html("span", { class: `badge ${freshness}` }, freshness)),
      sparkline(objects(spider.recent).slice(-BARS)), html("dl", {}, facts), reasonList(last.reasons));
  }

  function drawSpiders() {
    if (status.spiders.length === 0) {
      return section("spiders", "Spiders", html("p", { class: "empty" }, "No spider has been run yet."));
    }
    return section("spiders", "Spiders", html("ul", { class: "cards" }, status.spiders.map(drawSpider)),
      more(status.more_spiders));
  }

  // ---- The timeline ----------------------------------------------------------------------------

  // A mark is as wide as a quarter of an hour on a wide screen: runs that start within one are one mark.
  const SLOT = 900;
  // Of the gaps that begin within one hour the longest is drawn; the table has the others.
  const GAP_SLOT = 3600;
  const MAX_DAYS = 31;
  const WORST_FIRST = ["failed", "interrupted", "stopped", "running", "degraded", "completed"];

  const today = Math.floor(local(status.now) / DAY);

  function makeDays() {
    const first = Math.max(Math.floor(local(history.since) / DAY), today - MAX_DAYS + 1);
    const days = new Map();
    for (let day = first; day <= today; ++day) days.set(day, { slots: new Map(), pieces: new Map() });
    return days;
  }

  function addRun(days, run) {
    const time = local(run.started_at);
    const day = days.get(Math.floor(time / DAY));
    if (!day) return;
    const slot = Math.floor((time % DAY) / SLOT);
    if (!day.slots.has(slot)) day.slots.set(slot, []);
    day.slots.get(slot).push(run);
  }

  // The part of a gap within each day, in seconds since its beginning.
  function addGap(days, gap) {
    const from = local(gap.from), to = local(gap.to);
    for (let number = Math.floor(from / DAY); number <= Math.floor(to / DAY); ++number) {
      const start = number * DAY;
      const piece = { gap, from: Math.max(from, start) - start, to: Math.min(to, start + DAY) - start };
      const day = days.get(number);
      if (!day || piece.to <= piece.from) continue;
      const slot = Math.floor(piece.from / GAP_SLOT);
      const kept = day.pieces.get(slot);
      if (!kept || piece.to - piece.from > kept.to - kept.from) day.pieces.set(slot, piece);
    }
  }

  const gapClass = (cause) => `gap g-${cause.replaceAll(" ", "-")}`;
  const gapLength = (gap) => words((gap.to - gap.from) / 1000);

  function drawGap({ gap, from, to }) {
    const until = gap.open ? "until now" : `to ${at(gap.to)}`;
    const title = `${data.causes[gap.cause]}: ${gapLength(gap)}, ${at(gap.from)} ${until}` +
      (gap.detail ? `: ${gap.detail}` : "");
    return svg("rect", { class: gapClass(gap.cause), x: percent(from / DAY), y: 3, width: percent((to - from) / DAY),
      height: 14 }, svg("title", {}, title));
  }

  function slotWords(some) {
    const [run] = some;
    if (some.length === 1) {
      return `${clock(run.started_at)} run ${run.id} ${run.state}${run.partial ? " (partial)" : ""}`;
    }
    const states = countStates(some, WORST_FIRST).map((each) => each.words);
    return `${clock(run.started_at)} and after: ${counted(some.length, "run")}, ${states.join(", ")}`;
  }

  // A mark for many is in the middle of their slot.
  function drawSlot([slot, some]) {
    const place = some.length > 1 ? slot * SLOT + SLOT / 2 : local(some[0].started_at) % DAY;
    const worst = WORST_FIRST.find((state) => some.some((run) => run.state === state));
    return mark(worst, percent(place / DAY), 10, svg("title", {}, slotWords(some)));
  }

  // The day in words, for readers who do not see it.
  function summary(day) {
    const parts = countStates([...day.slots.values()].flat()).map((each) => each.words);
    for (const [cause, said] of Object.entries(data.causes)) {
      const pieces = [...day.pieces.values()].filter((piece) => piece.gap.cause === cause);
      const length = pieces.reduce((sum, piece) => sum + piece.to - piece.from, 0);
      if (length > 0) parts.push(`${said}: ${words(length)}`);
    }
    return parts.join(", ") || "no run";
  }

  function drawDay([number, day]) {
    const until = Math.min((local(status.now) - number * DAY) / DAY, 1);
    const label = `${dayName(number)}: ${summary(day)}`;
    return html("li", {}, html("span", {}, dayName(number)),
      svg("svg", { width: "100%", height: 20, role: "img", "aria-label": label },
        svg("rect", { class: "track", y: 2, width: percent(until), height: 16 }),
        [...day.pieces.values()].map(drawGap), [...day.slots].map(drawSlot)));
  }

  function drawHours() {
    const texts = [0, 6, 12, 18, 24].map((hour) => svg("text",
      { y: 12, x: percent(hour / 24), "text-anchor": hour === 0 ? "start" : hour === 24 ? "end" : "middle" },
      `${String(hour).padStart(2, "0")}:00`));
    return html("li", { class: "hours", "aria-hidden": "true" }, html("span"),
      svg("svg", { width: "100%", height: 16 }, texts));
  }

  const gapKey = (cause) => key(svg("rect", { class: gapClass(cause), x: 1, y: 1, width: 24, height: 12 }));

  function legend() {
    return html("ul", { class: "legend", "aria-label": "Legend" },
      STATES.map((state) => html("li", {}, key(mark(state, 13, 7)), `run ${state}`)),
      Object.entries(data.causes).map(([cause, said]) => html("li", {}, gapKey(cause), said)));
  }

  function drawGapRow(gap) {
    return html("tr", {}, html("td", {}, gapKey(gap.cause), data.causes[gap.cause]),
      [at(gap.from), gap.open ? "now" : at(gap.to), gapLength(gap), gap.detail].map((text) => html("td", {}, text)));
  }

  function drawGaps() {
    const MAX_ROWS = 100;
    if (gaps.length === 0) return null;
    const caption = "Times in which the data was stale and nothing ran, the newest first" +
      (gaps.length > MAX_ROWS ? `; the newest ${MAX_ROWS}` : "");
    return html("details", {}, html("summary", {}, `When nothing ran: ${counted(gaps.length, "time")}`),
      scrolling({ "aria-label": "When nothing ran" }, html("table", {}, html("caption", {}, caption),
        headOf(["Why", "From", "To", "For", "More"]),
        html("tbody", {}, gaps.slice(0, MAX_ROWS).map(drawGapRow)))));
  }

  function drawTimeline() {
    const days = makeDays();
    // The oldest first, so that later marks are drawn above.
    [...runs].reverse().forEach((run) => addRun(days, run));
    [...gaps].reverse().forEach((gap) => addGap(days, gap));
    const rows = [...days].reverse().map(drawDay);
    return section("timeline", `The last ${counted(Math.min(days.size, 30), "day")}`, legend(),
      html("ol", { class: "days", reversed: "" }, drawHours(), rows), drawGaps());
  }

  // ---- Charts ----------------------------------------------------------------------------------

  const OPEN_CHARTS = 8;
  // The drawing is a thousand units wide on any screen, and as many pixels high as units.
  const WIDTH = 1000, HEIGHT = 96, TOP = 8, BOTTOM = 92;
  // Where there are few, each good attempt is a dot; the others have their shape anyway.
  const FEW = 60;

  // Where the points of a chart are.
  function scaleOf(chart, length) {
    const greatest = chart.greatest || 1;
    return {
      share: (at) => at / length,
      x: (at) => Math.round(Math.min(Math.max(at / length, 0), 1) * WIDTH),
      y: (value) => BOTTOM - Math.round((value / greatest) * (BOTTOM - TOP)),
    };
  }

  const pathOf = (scale, points, member) =>
    points.map((point) => `${scale.x(point.at)} ${scale.y(point[member])}`).join(" ");

  const path = (css, d) => svg("path", { class: css, d });

  function drawBands(scale, bands) {
    if (bands.length === 0) return [];
    const back = pathOf(scale, [...bands].reverse(), "low");
    return [path("band", `M${pathOf(scale, bands, "high")} ${back}z`),
      path("median", `M${pathOf(scale, bands, "median")}`)];
  }

  function drawMarks(scale, points) {
    return points.filter((point) => point.verdict !== "ok" || points.length <= FEW)
      .map((point) => svg("use", { href: point.verdict === "ok" ? "#d-ok" : `#m-${point.verdict}`,
        x: percent(scale.share(point.at)), y: scale.y(point.value) }));
  }

  function drawChart(name, chart, length, say) {
    const scale = scaleOf(chart, length);
    const points = objects(chart.points), bands = objects(chart.bands);
    const most = `at most ${say(chart.greatest)}` +
      (bands.length > 0 ? `, median ${say(bands[bands.length - 1].median)}` : "");
    return html("figure", {}, html("figcaption", {}, html("b", {}, name), ` ${most}`),
      svg("svg", { class: "chart", width: "100%", height: HEIGHT, role: "img",
        "aria-label": `${name} of ${counted(chart.attempts, "attempt")}, ${most}` },
      svg("svg", { width: "100%", height: HEIGHT, viewBox: `0 0 ${WIDTH} ${HEIGHT}`, preserveAspectRatio: "none" },
        path("axis", `M0 ${BOTTOM}H${WIDTH}M0 ${TOP}H${WIDTH}`), drawBands(scale, bands),
        path("line", `M${pathOf(scale, points, "value")}`)),
      drawMarks(scale, points)));
  }

  function drawSeries(series, place) {
    // Of frequent runs these are the newest attempts: hours, not thirty days.
    const length = Math.max(seconds(status.now) - seconds(series.since), 1);
    const charts = [];
    if (series.items !== null) {
      charts.push(drawChart("Items", series.items, length, (value) => grouped(Math.round(value))));
    }
    charts.push(drawChart("Duration", series.duration, length, words));
    return html("details", { class: "charts", ...(place < OPEN_CHARTS ? { open: "" } : {}) },
      html("summary", {}, html("h3", {}, series.spider),
        small(`${counted(series.duration.attempts, "attempt")} since ${at(series.since).slice(0, 16)}`)),
      html("div", { class: "pair" }, charts));
  }

  function drawCharts() {
    if (data.series.length === 0) return null;
    const hint = html("p", { class: "hint" },
      key(svg("rect", { class: "band", width: 26, height: 14 }), path("median", "M0 7H26")),
      "median and middle half of the last 20 good attempts");
    return section("charts", "Items and duration", hint, data.series.map(drawSeries), more(data.more_series));
  }

  // ---- Failures --------------------------------------------------------------------------------

  function drawLog(failure) {
    const hint = (text) => html("p", { class: "hint" }, text);
    if (failure.log_end) {
      return html("details", {}, html("summary", {}, "The end of its log"), hint(failure.log_path ?? ""),
        html("pre", { tabindex: 0 }, failure.log_end));
    }
    return failure.log_path === null ? null : hint(`Its log is empty, or not here: ${failure.log_path}`);
  }

  function drawFailure(failure) {
    const what = `run ${failure.run}, attempt ${failure.attempt}, ${failure.ended} after ${words(failure.seconds)}`;
    return html("li", { class: `card ${failure.verdict}` }, html("h3", {}, failure.spider),
      html("p", {}, badge(failure.verdict), " ", ...moment(failure.finished_at), lineBreak(), small(what)),
      reasonList(failure.reasons), drawLog(failure));
  }

  function drawFailures() {
    const none = html("p", { class: "empty" }, "No attempt has failed.");
    return section("failures", "The last failures",
      data.failures.length > 0 ? html("ol", { class: "failures" }, data.failures.map(drawFailure)) : none);
  }

  // ---- The table of runs -----------------------------------------------------------------------

  const FIRST_ROWS = 200, MORE_ROWS = 100;

  const spiderCounts = (run) => ["ok", "degraded", "failed", "stopped"].filter((verdict) => run[verdict] > 0)
    .map((verdict) => `${grouped(run[verdict])} ${verdict}`).join(", ");

  const tookOf = (run) => (run.finished_at === null ? null : (run.finished_at - run.started_at) / 1000);

  function noteOf(run) {
    const note = [run.failure, ...run.faults].filter(Boolean).join("; ");
    return run.partial ? `partial${note ? ": " : ""}${note}` : note;
  }

  // What a column shows (null: nothing), and what it is sorted by: numbers from the greatest, words from the first.
  const COLUMNS = [
    { name: "Run", show: (run) => String(run.id), number: (run) => run.id, search: true },
    { name: "Started", show: (run) => at(run.started_at), time: (run) => run.started_at, search: true },
    { name: "Status", show: (run) => run.state, draw: (run) => badge(run.state), search: true },
    { name: "Took", show: (run) => (tookOf(run) === null ? null : words(tookOf(run))), number: tookOf },
    { name: "Spiders", show: spiderCounts, time: (run) => run.failed * 1e6 + run.degraded * 1e3 + run.ok, search: true },
    { name: "Items", show: (run) => (run.items === null ? null : grouped(run.items)), number: (run) => run.items },
    { name: "Late", show: (run) => (run.late_seconds >= 60 ? words(run.late_seconds) : null),
      number: (run) => run.late_seconds },
    { name: "Attempts", show: (run) => String(run.attempt), number: (run) => run.attempt },
    { name: "Host", show: (run) => run.host, search: true },
    { name: "Note", show: noteOf, search: true },
  ];

  const table = { shown: runs, rows: 0, column: COLUMNS[1], up: false, texts: null };

  const numberOf = (column) => column.number ?? column.time;

  function keyOf(run) {
    const number = numberOf(table.column);
    return number ? number(run) ?? -1 : table.column.show(run);
  }

  const drawRow = (run) => html("tr", {}, COLUMNS.map((column) =>
    html("td", column.number ? { class: "num" } : {}, column.draw ? column.draw(run) : column.show(run))));

  function showCount() {
    const of = table.shown.length === runs.length ? "" : ` of ${grouped(runs.length)}`;
    byId("count").textContent = of ? `${grouped(table.shown.length)}${of} runs` : counted(runs.length, "run");
    const left = table.shown.length - table.rows;
    byId("more").hidden = left <= 0;
    byId("more").textContent = `Show ${grouped(Math.min(MORE_ROWS, left))} more of ${grouped(left)}`;
  }

  function appendRows(count) {
    const some = table.shown.slice(table.rows, table.rows + count);
    table.rows += some.length;
    byId("rows").append(...some.map(drawRow));
    showCount();
  }

  // The words that a filter looks at; made when they are first needed.
  function searched(index) {
    table.texts ??= runs.map((run) =>
      COLUMNS.filter((column) => column.search).map((column) => column.show(run)).join(" ").toLowerCase());
    return table.texts[index];
  }

  function compare(one, other) {
    const a = keyOf(one), b = keyOf(other);
    if (a === b) return other.started_at - one.started_at;
    return (a < b) === table.up ? -1 : 1;
  }

  function refreshTable() {
    const wanted = byId("filter").value.trim().toLowerCase().split(/\s+/).filter(Boolean);
    const state = byId("status").value;
    table.shown = runs.filter((run, i) => (!state || run.state === state) &&
      wanted.every((word) => searched(i).includes(word))).sort(compare);
    table.rows = 0;
    byId("rows").replaceChildren();
    appendRows(MORE_ROWS);
  }

  function showOrder() {
    [...byId("table").tHead.rows[0].cells].forEach((header, i) => header.setAttribute("aria-sort",
      COLUMNS[i] !== table.column ? "none" : table.up ? "ascending" : "descending"));
  }

  function sortBy(column) {
    table.up = table.column === column ? !table.up : !numberOf(column);
    table.column = column;
    showOrder();
    refreshTable();
  }

  function sortButton(column) {
    const button = html("button", { type: "button" }, column.name);
    button.addEventListener("click", () => sortBy(column));
    return button;
  }

  function drawControls() {
    const filter = html("input", { type: "search", id: "filter", autocomplete: "off",
      placeholder: "id, date, host, note" });
    const options = [html("option", { value: "" }, "all"), ...STATES.map((state) => html("option", {}, state))];
    const select = html("select", { id: "status" }, options);
    let waiting = 0;
    filter.addEventListener("input", () => {
      clearTimeout(waiting);
      waiting = setTimeout(refreshTable, 60);
    });
    select.addEventListener("change", refreshTable);
    return html("div", { class: "controls" }, html("label", {}, "Filter ", filter),
      html("label", {}, "Status ", select),
      html("output", { id: "count", for: "filter status", "aria-live": "polite" }));
  }

  function drawRuns() {
    if (runs.length === 0) return section("runs", "Runs", html("p", { class: "empty" }, "No run is recorded."));
    const caption = `Runs of the last 30 days, the newest first${history.cut ? "; there are older ones" : ""}`;
    const button = html("button", { type: "button", id: "more" });
    button.addEventListener("click", () => appendRows(MORE_ROWS));
    return section("runs", "Runs", drawControls(),
      scrolling({ "aria-labelledby": "runs" }, html("table", { id: "table" }, html("caption", {}, caption),
        headOf(COLUMNS.map(sortButton)), html("tbody", { id: "rows" }))),
      html("p", { class: "more" }, button));
  }

  // ---- All of it -------------------------------------------------------------------------------

  byId("page").replaceChildren(...[drawHeadline(), drawSpiders(), drawTimeline(), drawCharts(), drawFailures(),
    drawRuns()].filter((part) => part !== null));
  byId("written").append(" at ", ...moment(status.now), ".");
  if (runs.length > 0) {
    showOrder();
    appendRows(FIRST_ROWS);
  }
  refreshAges();
  setInterval(refreshAges, 30000);
})();
