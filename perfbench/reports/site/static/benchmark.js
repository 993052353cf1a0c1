/* The page of one benchmark: its chart, switches, changes, and the same data as a table. */
"use strict";

{
  const { element: make, count } = perfbench;
  const MOST_LINES = 8; // more cannot be told apart, by colour or at all
  const DASHES = [[], [6, 3]];
  const ROWS = 200;

  const slug = new URLSearchParams(location.search).get("of") || "";
  const content = document.getElementById("content");
  let data, chosen, chart, card, live, lists;

  // The name comes from the address: it may name a file of data/benchmark/, and nothing else.
  if (/^[a-z0-9][a-z0-9._-]*$/.test(slug))
    document.body.append(make("script", { src: `data/benchmark/${slug}.js`, onerror: missing }));
  else missing();

  function missing() {
    content.removeAttribute("aria-busy");
    content.append(make("h1", {}, "No such benchmark"),
      make("p", { class: "note" }, "It may have been renamed or removed. ", make("a", { href: "index.html" }, "All benchmarks"), "."));
  }

  perfbench.benchmark = (received) => {
    data = received;
    document.title = `${data.shown} · ${document.title.split(" · ")[0]}`;
    for (const line of data.lines) line.breaks = new Set(line.versions.map(([index]) => index));
    chosen = startingChoice();
    card = make("div", { class: "cursor", "aria-hidden": "true" });
    live = make("p", { class: "hear", role: "status" });
    lists = { legend: make("div", {}), changes: make("div", {}), table: make("div", {}) };
    const canvas = make("canvas", { tabindex: "0", role: "application", "aria-roledescription": "chart",
      class: "chart", "aria-describedby": "keys" });
    content.append(make("div", {}, heading(), switches(), toolbar(), make("div", { class: "frame" }, canvas, card), live, keys(),
      lists.legend, lists.changes, tableSection(), problems()));
    content.removeAttribute("aria-busy");
    chart = new perfbench.Chart(canvas, { told, moved });
    canvas.addEventListener("keydown", (event) => { if (event.key === "Enter") openCommit(); });
    redraw();
  };

  function heading() {
    const better = { lower: "lower is better", higher: "higher is better", none: "neither direction is better" }[data.better];
    return make("div", { class: "headline" },
      make("h1", {}, ...data.name.split(".").flatMap((part, place) => (place ? [make("wbr"), `.${part}`] : [part]))),
      make("p", { class: "lead" }, [data.project, data.metric, better].filter(Boolean).join(" · ")));
  }

  /** What is shown at first: what the address asks for, else one machine, environment and branch with all params. */
  function startingChoice() {
    const wanted = new URLSearchParams(location.hash.slice(1));
    const busiest = [...data.lines].sort((a, b) => worth(b) - worth(a))[0];
    return data.dimensions.map(([name, values], place) => {
      const asked = wanted.getAll(name).map((value) => values.indexOf(value)).filter((number) => number >= 0);
      if (asked.length) return new Set(asked);
      return place < 3 ? new Set([busiest.at[place]]) : new Set(values.keys());
    });
  }

  const worth = (line) => line.values.length + (line.changes.some((one) => one.status === "open") ? 1e6 : 0);

  function switches() {
    return data.dimensions.map(([name, values], place) => {
      if (values.length < 2) return null;
      return make("fieldset", { class: "switch" }, make("legend", {}, name), values.map((value, number) =>
        make("label", {}, make("input", {
          type: "checkbox", checked: chosen[place].has(number),
          onchange: (event) => {
            if (event.target.checked) chosen[place].add(number);
            else chosen[place].delete(number);
            remember();
            redraw();
          },
        }), make("span", {}, value || "none"))));
    });
  }

  function toolbar() {
    const excluded = { log: "zero", zero: "log" }, pressed = {};
    const toggle = (name, text, title) => pressed[name] = make("button", {
      type: "button", "aria-pressed": String(name === "intervals"), title,
      onclick: (event) => {
        const on = event.target.getAttribute("aria-pressed") !== "true";
        event.target.setAttribute("aria-pressed", String(on));
        chart.set(name, on);
        // A logarithm has no zero to begin with.
        if (on && excluded[name]) {
          pressed[excluded[name]].setAttribute("aria-pressed", "false");
          chart.set(excluded[name], false);
        }
      },
    }, text);
    const act = (text, label, action) => make("button", { type: "button", "aria-label": label, title: label, onclick: action }, text);
    return make("div", { class: "toolbar", role: "group", "aria-label": "Chart" },
      toggle("log", "Log scale", "Draw the logarithm of values"), toggle("zero", "From zero", "Let the axis begin at zero"),
      toggle("dates", "By date", "Space commits by their dates rather than evenly"),
      toggle("intervals", "Intervals", "Draw the interval around each value"),
      make("span", { class: "gap" }),
      act("−", "Zoom out", () => chart.zoomBy(1 / 0.6)), act("+", "Zoom in", () => chart.zoomBy(0.6)),
      act("All", "Show all commits", () => chart.zoom(null)));
  }

  function keys() {
    return make("p", { id: "keys", class: "dim keys" },
      "Drag to zoom; click and use the wheel. Keys: ", make("kbd", {}, "←"), make("kbd", {}, "→"), " commits, ",
      make("kbd", {}, "+"), make("kbd", {}, "−"), make("kbd", {}, "0"), " zoom, ", make("kbd", {}, "Shift"), make("kbd", {}, "→"),
      " pan, ", make("kbd", {}, "n"), make("kbd", {}, "p"), " next and previous change, ", make("kbd", {}, "Enter"), " open the commit.");
  }

  function shownLines() {
    const fitting = data.lines.filter((line) => line.at.every((number, place) => chosen[place].has(number)));
    return [fitting.slice(0, MOST_LINES), fitting.length];
  }

  function redraw() {
    const [lines, fitting] = shownLines();
    const style = getComputedStyle(document.body);
    lines.forEach((line, number) => {
      line.colour = style.getPropertyValue(`--line${number % MOST_LINES}`).trim();
      line.dash = DASHES[Math.floor(number / 4) % 2];
      line.name = lineName(line, lines);
    });
    chart.canvas.hidden = !lines.some((line) => line.values.length);
    chart.canvas.setAttribute("aria-label",
      `${data.name} over ${count(chart.places.length, "commit", "commits")}: ${lines.map((line) => line.name).join("; ")}`);
    chart.show(lines, data.unit);
    const none = !lines.length ? "Nothing fits this choice: choose at least one value of each switch."
      : chart.canvas.hidden ? "Nothing was measured yet." : "";
    const breaks = lines.some((line) => line.versions.length)
      ? make("p", { class: "dim" }, "A gap in a line: the benchmark’s own code changed. What lies before and after is not compared.") : "";
    const more = fitting > lines.length ? `The first ${lines.length} of ${fitting} lines are drawn; choose fewer to see others.` : "";
    lists.legend.replaceChildren(none || more ? make("p", { class: "note" }, none || more) : "", breaks, legend(lines));
    lists.changes.replaceChildren(changeTable(lines));
    fillTable();
  }

  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => { if (chart) redraw(); });

  /** By what a line differs from those drawn beside it. */
  function lineName(line, lines) {
    const parts = data.dimensions.map(([, values], place) =>
      (lines.some((other) => other.at[place] !== line.at[place]) || (place > 2 && values.length > 1) ? values[line.at[place]] || "none" : ""));
    return parts.filter(Boolean).join(", ") || data.dimensions.slice(0, 3).map(([, values], place) => values[line.at[place]]).filter(Boolean).join(", ");
  }

  function legend(lines) {
    const latest = (line) => line.values.length ? line.values[line.values.length - 1] : null;
    const largest = Math.max(0, ...lines.map(latest).filter(Number.isFinite));
    const scale = perfbench.scale(data.unit, Math.min(...lines.map(latest).filter((value) => value), largest || 1));
    return make("table", { class: lines.length > 1 ? "legend" : "legend single" }, make("caption", { class: "hear" }, "Lines of the chart, compared"),
      make("thead", {}, make("tr", {}, make("th", { scope: "col" }, "Compared"), make("th", { scope: "col", class: "right" }, "Latest"),
        make("td", { class: "bar" }), make("th", { scope: "col", class: "right" }, "Newest change"))),
      make("tbody", {}, lines.map((line, number) => {
        const value = latest(line), newest = line.changes[line.changes.length - 1];
        const bar = make("meter", { min: 0, max: largest || 1, value: Math.max(value || 0, 0), class: `line${number}`, "aria-hidden": "true" });
        return make("tr", {}, make("th", { scope: "row" }, make("span", { class: `swatch line${number}`, "aria-hidden": "true" }), line.name),
          make("td", { class: "right value" }, perfbench.quantity(value, data.unit, scale)), make("td", { class: "bar" }, bar),
          make("td", { class: "right" }, newest ? perfbench.sizeOf(newest.direction, newest.size) : make("span", { class: "dim" }, "none")));
      })));
  }

  function changeTable(lines) {
    const rows = lines.flatMap((line) => line.changes.map((change) => ({ line, change })))
      .sort((a, b) => (b.change.commit ?? -1) - (a.change.commit ?? -1));
    const section = make("section", { "aria-labelledby": "changes" }, make("h2", { id: "changes" }, "Changes"));
    if (!rows.length) {
      section.append(make("p", { class: "note" }, "The level has not changed in what is shown."));
      return section;
    }
    const several = lines.length > 1;
    const draw = ({ line, change }) => {
      const cure = change.recovered === null ? null : line.commits[change.recovered];
      return make("tr", {},
        make("td", { class: "at" }, make("span", { class: "dim day" }, change.commit === null ? "" : perfbench.day(perfbench.known[change.commit][1])),
          ...perfbench.changedAt(change)),
        several ? make("td", {}, line.name) : null,
        make("td", { class: "right" }, perfbench.sizeOf(change.direction, change.size)),
        make("td", { class: "dim interval" }, change.interval),
        make("td", { class: "value levels" }, `${change.levels[0]} → ${change.levels[1]}`),
        make("td", { class: "right dim" }, change.sureness),
        make("td", {}, change.status ? make("span", { class: `status ${change.status}` }, change.status) : null,
          change.reason ? make("span", { class: "dim" }, ` “${change.reason}”`) : null,
          cure === null ? null : make("span", { class: "dim" }, " at ", perfbench.commitLink(cure))),
        make("td", {}, make("button", { type: "button", class: "small", "aria-label": `Show the change of ${change.size} in the chart`,
          onclick: () => lookAt(line, change) }, "Show")));
    };
    const heads = ["Commit", ...(several ? ["Line"] : []), "Size", "95 % interval", "From → to", "Sure", "Status"];
    const body = make("tbody", {}, rows.slice(0, ROWS).map(draw));
    section.append(make("div", { class: "wide-table", tabindex: "0", role: "region", "aria-labelledby": "changes" }, make("table", { class: "data" },
      make("thead", {}, make("tr", {}, heads.map((head) => make("th", { scope: "col", class: ["Size", "Sure"].includes(head) ? "right" : null }, head)), make("td", {}))),
      body)));
    if (rows.length > ROWS) section.append(make("p", { class: "note" }, `The newest ${ROWS} of ${rows.length} are listed.`));
    return section;
  }

  function lookAt(line, change) {
    const at = chart.x(line.commits[change.first]);
    const [from, to] = chart.whole();
    const half = Math.max((to - from) / 12, chart.options.dates ? 86400 : 12);
    chart.zoom([at - half, at + half]);
    chart.point(chart.rank.get(line.commits[change.first]));
    chart.canvas.scrollIntoView({ block: "center" });
    chart.canvas.focus({ preventScroll: true });
  }

  /** The data of the chart for who does not see it; made when it is asked for. */
  function tableSection() {
    return make("details", { class: "table", ontoggle: (event) => { lists.open = event.target.open; fillTable(); } },
      make("summary", {}, "The same as a table"), lists.table);
  }

  function fillTable() {
    lists.table.replaceChildren();
    if (!lists.open) return;
    const [lines] = shownLines();
    const places = lines.map((line) => new Map(line.commits.map((number, index) => [number, index])));
    const largest = Math.max(0, ...lines.flatMap((line) => line.values.filter((value) => value !== null).map(Math.abs)));
    const scale = perfbench.scale(data.unit, largest);
    const body = make("tbody", {});
    const numbers = [...chart.places].reverse();
    let drawn = 0;
    const grow = () => {
      for (const number of numbers.slice(drawn, drawn + ROWS))
        body.append(make("tr", {}, make("th", { scope: "row" }, perfbench.commitLink(number)),
          make("td", { class: "dim" }, perfbench.day(perfbench.known[number][1])), make("td", {}, perfbench.known[number][2] || ""),
          lines.map((line, place) => make("td", { class: "right value" }, places[place].has(number) ? measured(line, places[place].get(number), scale) : "–"))));
      drawn += ROWS;
      if (drawn >= numbers.length) button.remove();
    };
    const button = make("button", { type: "button", class: "more", onclick: grow }, "Show older commits");
    lists.table.append(make("div", { class: "wide-table", tabindex: "0", role: "region", "aria-label": "The same as a table" }, make("table", { class: "data" },
      make("caption", {}, `${data.name}, in ${scale[0] || "units"}, with its ${Math.round((lines[0]?.confidence ?? 0.99) * 100)} % interval`),
      make("thead", {}, make("tr", {}, ["Commit", "Date", "Tag"].map((head) => make("th", { scope: "col" }, head)),
        lines.map((line) => make("th", { scope: "col", class: "right" }, line.name)))), body)), button);
    grow();
  }

  function measured(line, index, scale) {
    const interval = line.low[index] === null || line.high[index] === null ? ""
      : ` (${perfbench.digits(line.low[index] / scale[1])} … ${perfbench.digits(line.high[index] / scale[1])})`;
    return `${perfbench.digits(line.values[index] / scale[1], 4)}${interval}`;
  }

  function problems() {
    const found = [...new Set(data.lines.flatMap((line) => line.problems))];
    return found.length ? make("section", {}, make("h2", {}, "Problems"),
      make("ul", { class: "problems" }, found.slice(0, ROWS).map((text) => make("li", {}, text)))) : null;
  }

  /** Beside the chart and for screen readers: what was measured at the commit under the cursor. */
  function told(number) {
    card.classList.toggle("on", number !== null);
    if (number === null) { live.textContent = ""; return; }
    const [hash, seconds, tag] = perfbench.known[number];
    const found = chart.lines.filter((line) => line.commits.includes(number)).map((line) => {
      const index = line.commits.lastIndexOf(number);
      return { line, value: perfbench.quantity(line.values[index], data.unit, undefined, 4),
        range: line.low[index] === null || line.high[index] === null ? "" :
          `${perfbench.quantity(line.low[index], data.unit)} … ${perfbench.quantity(line.high[index], data.unit)}`,
        change: line.changes.find((one) => one.first === index) };
    });
    card.replaceChildren(
      make("p", {}, perfbench.commitLink(number), make("span", { class: "dim" }, ` ${perfbench.day(seconds)}`), tag ? make("span", { class: "tag" }, tag) : null),
      make("table", {}, found.map(({ line, value, range, change }) => make("tr", {},
        make("td", {}, make("span", { class: `swatch line${chart.lines.indexOf(line)}` }), chart.lines.length > 1 ? line.name : ""),
        make("td", { class: "right value" }, value), make("td", { class: "dim between" }, range),
        make("td", {}, change ? perfbench.sizeOf(change.direction, change.size) : null)))));
    const middle = (chart.area.left + chart.area.right) / 2;
    card.classList.toggle("left", chart.px(chart.x(number)) > middle);
    if (document.activeElement === chart.canvas)
      live.textContent = `${hash.slice(0, 8)}, ${perfbench.day(seconds)}${tag ? `, ${tag}` : ""}: ${found.map((one) =>
        `${one.line.name} ${one.value}${one.change ? `, ${one.change.direction} of ${one.change.size}` : ""}`).join("; ")}`;
  }

  function moved(first, last, whole) {
    if (document.activeElement !== chart.canvas || first === undefined) return;
    live.textContent = whole ? "All commits are shown" :
      `Shown from ${perfbench.day(perfbench.known[first][1])} to ${perfbench.day(perfbench.known[last][1])}`;
  }

  function openCommit() {
    if (chart.cursor === null || !perfbench.commitUrl) return;
    window.open(perfbench.commitUrl + encodeURIComponent(perfbench.known[chart.places[chart.cursor]][0]), "_blank", "noopener,noreferrer");
  }

  /** Keep the choice in the address, so that a link shows what its sender saw. */
  function remember() {
    const kept = new URLSearchParams();
    data.dimensions.forEach(([name, values], place) => {
      if (values.length > 1) for (const number of chosen[place]) kept.append(name, values[number]);
    });
    history.replaceState(null, "", `${location.search}#${kept}`);
  }
}
