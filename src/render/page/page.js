
"use strict";
// The page is whole without this: it sorts and filters the runs, and keeps ages up to date.
(() => {
  const byId = (id) => document.getElementById(id);
  const data = JSON.parse(byId("data").textContent);
  const CHUNK = 100;
  const LOOKS = [["ok", "completed"], ["degraded", "degraded"], ["failed", "failed"], ["running", "running"]];

  // ---- Times -----------------------------------------------------------------------------------

  function ahead(seconds) {
    let found = data.zone[0];
    for (const offset of data.zone) if (offset[0] <= seconds) found = offset;
    return found[1];
  }

  const at = (seconds) =>
    new Date((seconds + ahead(seconds)) * 1000).toISOString().slice(0, 19).replace("T", " ");

  const UNITS = [[86400, "d"], [3600, "h"], [60, "min"], [1, "s"]];

  // As the program says it: at most two units.
  function words(seconds) {
    for (let i = 0; i < UNITS.length; ++i) {
      const count = Math.floor(seconds / UNITS[i][0]);
      if (count === 0) continue;
      const rest = i + 1 < UNITS.length ? Math.floor((seconds % UNITS[i][0]) / UNITS[i + 1][0]) : 0;
      return `${count} ${UNITS[i][1]}` + (rest > 0 ? ` ${rest} ${UNITS[i + 1][1]}` : "");
    }
    return "0 s";
  }

  const grouped = (number) => String(number).replace(/\B(?=(\d{3})+$)/g, ",");

  function refreshAges() {
    const now = Math.floor(Date.now() / 1000);
    for (const span of document.querySelectorAll(".ago")) {
      const time = Number(span.dataset.t);
      span.textContent = time > now ? `in ${words(time - now)}` : time < now ? `${words(now - time)} ago` : "now";
    }
    warnOfAge(now - data.now);
  }

  // Whoever opens a page that nobody has written anew must not take it for the present.
  function warnOfAge(age) {
    let note = byId("aged");
    if (age < Math.max(data.interval, 600)) {
      if (note) note.remove();
      return;
    }
    if (!note) {
      note = document.createElement("p");
      note.id = "aged";
      note.className = "aged";
      byId("asof").after(note);
    }
    note.textContent = `This page is ${words(age)} old: what it says was so then.`;
  }

  refreshAges();
  setInterval(refreshAges, 30000);

  // ---- The table of runs -----------------------------------------------------------------------

  const body = byId("rows");
  if (!body) return;
  const ID = 0, STARTED = 1, LOOK = 2, TOOK = 3, SPIDERS = 4, ITEMS = 5, LATE = 6, ATTEMPT = 7, HOST = 8, NOTE = 9,
    PARTIAL = 10;
  const all = data.runs;
  let shown = all;
  let rows = body.rows.length;
  let sorting = { column: STARTED, up: false };
  let texts = null;

  const note = (run) => {
    const text = data.texts[run[NOTE]];
    return run[PARTIAL] ? `partial${text ? ": " : ""}${text}` : text;
  };

  function spiders(run) {
    const counts = run[SPIDERS];
    return ["ok", "degraded", "failed"].map((word, i) => counts[i] > 0 ? `${grouped(counts[i])} ${word}` : "")
      .filter(Boolean).join(", ");
  }

  function badge(look) {
    const svg = "http://www.w3.org/2000/svg";
    const [name, word] = LOOKS[look];
    const span = document.createElement("span");
    span.className = `badge ${name}`;
    const drawing = span.appendChild(document.createElementNS(svg, "svg"));
    drawing.setAttribute("width", "14");
    drawing.setAttribute("height", "14");
    drawing.setAttribute("aria-hidden", "true");
    const use = drawing.appendChild(document.createElementNS(svg, "use"));
    use.setAttribute("href", `#m-${name}`);
    use.setAttribute("x", "7");
    use.setAttribute("y", "7");
    span.append(word);
    return span;
  }

  function cell(row, content, css) {
    const td = row.insertCell();
    if (css) td.className = css;
    td.append(content);
  }

  function rowOf(run) {
    const row = document.createElement("tr");
    cell(row, String(run[ID]), "num");
    cell(row, at(run[STARTED]));
    cell(row, badge(run[LOOK]));
    cell(row, run[TOOK] < 0 ? "" : words(run[TOOK]), "num");
    cell(row, spiders(run));
    cell(row, run[ITEMS] < 0 ? "" : grouped(run[ITEMS]), "num");
    cell(row, run[LATE] < 60 ? "" : words(run[LATE]), "num");
    cell(row, String(run[ATTEMPT]), "num");
    cell(row, data.texts[run[HOST]]);
    cell(row, note(run));
    return row;
  }

  function tellCount() {
    const of = shown.length === all.length ? "" : ` of ${grouped(all.length)}`;
    byId("count").textContent = `${grouped(shown.length)}${of} run${shown.length === 1 && !of ? "" : "s"}`;
    const left = shown.length - rows;
    const more = byId("more");
    more.hidden = left <= 0;
    more.textContent = `Show ${grouped(Math.min(CHUNK, left))} more of ${grouped(left)}`;
  }

  function append(count) {
    const some = document.createDocumentFragment();
    const end = Math.min(rows + count, shown.length);
    for (let i = rows; i < end; ++i) some.append(rowOf(shown[i]));
    rows = end;
    body.append(some);
    tellCount();
  }

  // What a text filter looks at; made when it is first needed.
  function textOf(index) {
    texts ??= all.map((run) => [run[ID], at(run[STARTED]), LOOKS[run[LOOK]][1], spiders(run), data.texts[run[HOST]],
      note(run)].join(" ").toLowerCase());
    return texts[index];
  }

  // The columns of numbers as such, those of words by the words.
  function key(run, column) {
    if (column === SPIDERS) return run[SPIDERS][2] * 1e6 + run[SPIDERS][1] * 1e3 + run[SPIDERS][0];
    if (column === LOOK) return LOOKS[run[LOOK]][1];
    if (column === HOST) return data.texts[run[HOST]];
    return column === NOTE ? note(run) : run[column];
  }

  function compare(one, other) {
    const a = key(one, sorting.column), b = key(other, sorting.column);
    const order = a < b ? -1 : a > b ? 1 : other[STARTED] - one[STARTED];
    return sorting.up || a === b ? order : -order;
  }

  function refresh() {
    const wanted = byId("filter").value.trim().toLowerCase().split(/\s+/).filter(Boolean);
    const status = byId("status").value;
    shown = all.filter((run, i) => (!status || LOOKS[run[LOOK]][1] === status) &&
      wanted.every((word) => textOf(i).includes(word)));
    shown.sort(compare);
    rows = 0;
    body.replaceChildren();
    append(CHUNK);
  }

  function sortBy(column, headers) {
    // Numbers begin with the greatest, words with the first.
    const words = column === LOOK || column === HOST || column === NOTE;
    sorting = { column, up: sorting.column === column ? !sorting.up : words };
    headers.forEach((header, i) =>
      header.setAttribute("aria-sort", i !== column ? "none" : sorting.up ? "ascending" : "descending"));
    refresh();
  }

  const headers = [...byId("table").tHead.rows[0].cells];
  headers.forEach((header, column) => {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = header.textContent;
    button.addEventListener("click", () => sortBy(column, headers));
    header.replaceChildren(button);
    header.setAttribute("aria-sort", column === STARTED ? "descending" : "none");
  });

  let waiting = 0;
  byId("filter").addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(refresh, 60);
  });
  byId("status").addEventListener("change", refresh);
  byId("more").addEventListener("click", () => append(CHUNK));
  byId("controls").hidden = false;
  tellCount();
})();
