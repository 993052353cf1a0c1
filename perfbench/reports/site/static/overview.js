/* The first page: what regressed and is not accepted, what else changed, and every benchmark. */
"use strict";

{
  const { element: make, count } = perfbench;
  const STEP = 100; // so many rows of a table are drawn at once: a table of 10,000 would take seconds

  // The columns of data/overview.js, as overview.py writes them.
  const PAGE = 0, NAME = 1, PARAMS = 2, AREA = 3, MACHINE = 4, ENVIRONMENT = 5, BRANCH = 6, PROJECT = 7, POINTS = 8;
  const LATEST = 9, SPARK = 10, NEWEST = 11;
  const ROW = 0, DIRECTION = 1, STATUS = 2, SIZE = 3, INTERVAL = 4, BEFORE = 5, AFTER = 6, SURENESS = 7, SINCE = 8;
  const COMMIT = 9, BETWEEN = 10, REASON = 11, CURE = 12, FROM = 13, TO = 14;

  let data;

  perfbench.overview = (content) => {
    data = content;
    const open = data.changes.filter((one) => one[STATUS] === "open" && one[DIRECTION] !== "improvement");
    document.getElementById("content").append(make("div", {},
      summary(open), openSection(open), changedSections(), benchmarkSection(), problemSection()));
    document.getElementById("content").removeAttribute("aria-busy");
    if (data.asv) document.getElementById("views").prepend(make("a", { href: "asv/index.html" }, "asv’s site"));
    const when = perfbench.day(data.created);
    document.getElementById("about").append(
      `Published ${when} by perfbench ${data.version}`.trim() + ". Nothing on these pages comes from anywhere else.");
  };

  function summary(open) {
    const series = count(data.rows.length, "series", "series");
    const names = new Set(data.rows.map((row) => row[PAGE]));
    const facts = [count(names.size, "benchmark", "benchmarks"), series,
      count(perfbench.known.length, "commit", "commits"), count(data.machines.length, "machine", "machines")];
    return make("p", { class: "lead" },
      make("strong", { class: open.length ? "regression" : "improvement" },
        open.length ? `${count(open.length, "regression is", "regressions are")} open` : "No regression is open"),
      ` · ${facts.join(" · ")}`);
  }

  function openSection(open) {
    const section = make("section", { "aria-labelledby": "open" },
      make("h2", { id: "open" }, "Regressed, and not accepted"));
    if (!open.length) {
      section.append(make("p", { class: "note" }, "Nothing to look at: whatever regressed has recovered or was accepted."));
      return section;
    }
    const groups = new Map();
    for (const one of newestFirst(open)) {
      if (!groups.has(one[COMMIT])) groups.set(one[COMMIT], []);
      groups.get(one[COMMIT]).push(one);
    }
    section.append(grown([...groups.values()], 12, (group) => openGroup(group), "commits"));
    return section;
  }

  function openGroup(group) {
    const number = group[0][COMMIT];
    const [, seconds, tag] = perfbench.known[number] || ["", 0, ""];
    // One row whose place points and git agree on tells it for all that changed with it.
    const exact = group.some((one) => one[BETWEEN] === 0 && one[FROM] === null);
    const kind = exact ? "At " : group.some((one) => one[FROM] !== null) ? "About " : "Up to ";
    const heading = make("h3", {}, kind, perfbench.commitLink(number),
      make("span", { class: "dim" }, ` ${perfbench.day(seconds)}`), tag ? make("span", { class: "tag" }, tag) : null);
    return make("div", { class: "card" }, heading, grown(group, 10, changeItem, "benchmarks", "ul", "changes"));
  }

  function changeItem(one) {
    const row = data.rows[one[ROW]];
    const range = one[BETWEEN] === 0 && one[FROM] === null ? null : make("span", { class: "dim" },
      ...perfbench.changedAt({ since: one[SINCE], commit: one[COMMIT], between: one[BETWEEN], from: one[FROM], to: one[TO] }));
    const after = one[CURE] === null ? null : make("span", { class: "dim" }, "recovered at ", perfbench.commitLink(one[CURE]));
    return make("li", {},
      make("div", { class: "what" },
        make("a", { href: link(row), class: "name" }, ...title(row)),
        make("span", { class: "where" }, where(row))),
      perfbench.spark(row[SPARK], one[DIRECTION]),
      make("div", { class: "by" },
        perfbench.sizeOf(one[DIRECTION], one[SIZE]),
        one[INTERVAL] ? make("span", { class: "dim interval" }, `${one[INTERVAL]}`) : null),
      make("div", { class: "levels" }, `${one[BEFORE]} → ${one[AFTER]}`,
        make("span", { class: "dim" }, `sure to ${one[SURENESS]}`), range, after,
        one[REASON] ? make("span", { class: "dim" }, `“${one[REASON]}”`) : null));
  }

  /** What somebody has to know, but need not do anything about: closed until it is asked for. */
  function changedSections() {
    const of = (test) => newestFirst(data.changes.filter(test));
    const parts = [
      ["Improved", of((one) => one[DIRECTION] === "improvement" && one[STATUS] !== "cure" && one[STATUS] !== "lost")],
      ["Recovered", of((one) => one[STATUS] === "recovered")],
      ["Accepted", of((one) => one[STATUS] === "accepted")],
      ["Changed without an alert", of((one) => one[STATUS] === "" && one[DIRECTION] !== "improvement")],
    ];
    return make("section", { "aria-label": "Other changes", class: "others" }, parts.map(([name, changes]) => {
      const body = make("div", {});
      const details = make("details", {
        ontoggle: () => {
          if (details.open && !body.hasChildNodes())
            body.append(grown(changes, 20, (one) => changeItem(one), "changes", "ul", "changes dated"));
        },
      }, make("summary", {}, name, make("span", { class: "number" }, changes.length.toLocaleString("en"))), body);
      return changes.length ? details : null;
    }));
  }

  function benchmarkSection() {
    const box = make("input", { type: "search", id: "filter", placeholder: "Filter by name or param", autocomplete: "off",
      spellcheck: "false" });
    const choices = [["machines", MACHINE, "Machine"], ["environments", ENVIRONMENT, "Environment"],
      ["branches", BRANCH, "Branch"], ["projects", PROJECT, "Project"], ["areas", AREA, "Area"]]
      .filter(([list]) => data[list].length > 1)
      .map(([list, column, label]) => ({ column, label, list, box: make("select", {},
        make("option", { value: "" }, "all"),
        data[list].map((value, number) => make("option", { value: number }, value || "none"))) }));
    const sorting = make("select", {}, [["change", "newest change"], ["name", "name"], ["points", "points"]].map(
      ([value, text]) => make("option", { value }, text)));
    const found = make("p", { class: "dim", role: "status" });
    const table = make("div", {});
    const haystacks = data.rows.map((row) => `${row[NAME]}(${row[PARAMS]})`.toLowerCase());
    const draw = () => {
      const words = box.value.toLowerCase().split(/\s+/).filter(Boolean);
      const rows = data.rows.filter((row, number) => words.every((word) => haystacks[number].includes(word))
        && choices.every((one) => one.box.value === "" || row[one.column] === Number(one.box.value)));
      found.textContent = `${rows.length.toLocaleString("en")} of ${count(data.rows.length, "series", "series")}`;
      table.replaceChildren(benchmarkTable(sorted(rows, sorting.value)));
    };
    let waiting = 0;
    box.addEventListener("input", () => { clearTimeout(waiting); waiting = setTimeout(draw, 60); });
    for (const one of [...choices, { box: sorting }]) one.box.addEventListener("change", draw);
    draw();
    return make("section", { "aria-labelledby": "all" }, make("h2", { id: "all" }, "All benchmarks"),
      make("div", { class: "filters" },
        make("label", { class: "wide" }, "Filter", box),
        choices.map((one) => make("label", {}, one.label, one.box)),
        make("label", {}, "Sorted by", sorting)),
      found, table);
  }

  function sorted(rows, by) {
    const age = (row) => (row[NEWEST] === null ? -1 : data.changes[row[NEWEST]][COMMIT] ?? -1);
    const name = (a, b) => (a[NAME] < b[NAME] ? -1 : a[NAME] > b[NAME] ? 1 : 0);
    const orders = { change: (a, b) => age(b) - age(a) || name(a, b), name, points: (a, b) => b[POINTS] - a[POINTS] };
    return [...rows].sort(orders[by]);
  }

  function benchmarkTable(rows) {
    if (!rows.length) return make("p", { class: "note" }, "No benchmark is called that here.");
    const body = make("tbody", {});
    const heads = [["Benchmark", ""], ["Latest", "right"], ["", ""], ["Newest change", "right"], ["", ""], ["Points", "right"]];
    const table = make("table", { class: "list" }, make("caption", { class: "hear" }, "All benchmarks"),
      make("thead", {}, make("tr", {}, heads.map(([text, side]) => make(text ? "th" : "td", { class: side, scope: text ? "col" : null }, text)))), body);
    return make("div", {}, table, more(rows, STEP, benchmarkRow, body, "series"));
  }

  function benchmarkRow(row) {
    const newest = row[NEWEST] === null ? null : data.changes[row[NEWEST]];
    return make("tr", {},
      make("th", { scope: "row" }, make("a", { href: link(row), class: "name" }, ...title(row)),
        make("span", { class: "where" }, where(row))),
      make("td", { class: "right value" }, row[LATEST] || "–"),
      make("td", { class: "drawn" }, perfbench.spark(row[SPARK])),
      make("td", { class: "right newest" }, newest ? newestChange(newest) : make("span", { class: "dim" }, "none")),
      make("td", { class: "when dim" }, newest && newest[COMMIT] !== null ? perfbench.day(perfbench.known[newest[COMMIT]][1]) : ""),
      make("td", { class: "right points dim" }, row[POINTS].toLocaleString("en")));
  }

  /** Its size; in grey, with the word, once nobody has to look any more. */
  function newestChange(newest) {
    const settled = ["recovered", "accepted", "lost"].includes(newest[STATUS]);
    return make("span", { class: settled ? "settled" : null }, perfbench.sizeOf(newest[DIRECTION], newest[SIZE]),
      settled ? make("span", { class: "word" }, newest[STATUS]) : null);
  }

  function problemSection() {
    if (!data.problems.length) return null;
    const list = grown(data.problems, 30, ([place, message]) => make("li", {}, make("code", {}, place), ` ${message}`),
      "problems", "ul", "problems");
    return make("section", { "aria-labelledby": "problems" }, make("h2", { id: "problems" }, "Problems"),
      make("p", { class: "dim" }, "What could not be used; all else is published."), list);
  }

  /** The name, which may be broken at its dots, and params in a lighter hand. */
  function title(row) {
    const parts = row[NAME].split(".").flatMap((part, place) => (place ? [make("wbr"), `.${part}`] : [part]));
    return row[PARAMS] ? [...parts, make("span", { class: "params" }, ` (${row[PARAMS]})`)] : parts;
  }

  function where(row) {
    const several = (list, column) => (data[list].length > 1 ? data[list][row[column]] : "");
    return [several("projects", PROJECT), several("machines", MACHINE), several("environments", ENVIRONMENT),
      several("branches", BRANCH)].filter(Boolean).join(" · ");
  }

  /** The page of a row, opened on its own machine, environment and branch. */
  function link(row) {
    const chosen = new URLSearchParams();
    for (const [name, list, column] of [["machine", "machines", MACHINE], ["environment", "environments", ENVIRONMENT],
      ["branch", "branches", BRANCH]])
      if (data[list].length > 1) chosen.append(name, data[list][row[column]]);
    const hash = String(chosen);
    return `benchmark.html?of=${encodeURIComponent(row[PAGE])}${hash ? `#${hash}` : ""}`;
  }

  function newestFirst(changes) {
    return [...changes].sort((a, b) => (b[COMMIT] ?? -1) - (a[COMMIT] ?? -1) || (a[ROW] - b[ROW]));
  }

  /** A list of which so many are drawn, and the rest on request. */
  function grown(items, step, draw, what, tag = "div", kind = null) {
    const list = make(tag, { class: kind });
    return make("div", {}, list, more(items, step, draw, list, what));
  }

  function more(items, step, draw, list, what) {
    let drawn = 0;
    const button = make("button", { type: "button", class: "more", onclick: () => grow(true) });
    const grow = (asked) => {
      const fresh = items.slice(drawn, drawn + step).map(draw);
      list.append(...fresh);
      drawn += fresh.length;
      if (drawn >= items.length) button.remove();
      else button.textContent = `Show more (${(items.length - drawn).toLocaleString("en")} ${what} left)`;
      if (asked && fresh.length) (fresh[0].querySelector("a") || fresh[0]).focus();
    };
    const place = make("p", { class: "growing" }, button);
    grow(false);
    return items.length > step ? place : null;
  }
}
