/* The page of two profiles: colours say how a box changed, in words and signs as well. */
"use strict";

{
  const { element: make, percent, signed } = perfbench;
  const BASE = 0, HEAD = 1, STEPS = 12;
  const data = JSON.parse(document.getElementById("data").textContent);
  const tree = new perfbench.Tree(data.tree), frames = perfbench.frames(data.frames);
  const change = data.whole[HEAD] - data.whole[BASE];
  const moved = tree.total[HEAD].map((weight, node) => weight - tree.total[BASE][node]);
  const largest = moved.reduce((most, one) => Math.max(most, Math.abs(one)), Math.abs(change));

  // The change of all is that of the root, so a box as strongly coloured as the root is all of it. Where much grew and
  // as much shrank the whole is next to nothing, and the box that moved most takes its place. The root of the share
  // lets a tenth of the change be seen.
  const colours = Uint8Array.from(moved, (one) => STEPS + Math.sign(one) * Math.round(STEPS * Math.sqrt(Math.abs(one) / (largest || 1))));
  const tagOf = (base, head) => (head > 0 && !(base > 0) ? "new" : base > 0 && !(head > 0) ? "vanished" : "");
  const tag = (node) => tagOf(tree.total[BASE][node], tree.total[HEAD][node]);

  /** Quantities with one prefix, that of the smallest which is not 0. */
  const quantities = (...values) => {
    const scale = perfbench.scale(data.unit, Math.min(...values.map(Math.abs).filter((size) => size > 0), Infinity));
    return values.map((value) => perfbench.amount(value, data.unit, Number.isFinite(scale[1]) ? scale : undefined));
  };
  const difference = (value) => signed(perfbench.amount(value, data.unit), value);
  const ratio = (base, head) => (base > 0 && head > 0 ? signed(percent(head / base - 1), head - base) : undefined);
  const shareOfChange = (value) => (change ? percent(value / change) : "–");

  const SIGNS = { new: "+ ", vanished: "− " };
  const look = {
    palette() {
      const [shrank, same, grew] = ["shrank", "same", "grew"].map(perfbench.colour);
      const fills = [];
      for (let step = -STEPS; step <= STEPS; step += 1) fills.push(perfbench.mix(same, step < 0 ? shrank : grew, Math.abs(step) / STEPS));
      return perfbench.palette(fills, perfbench.colour("paper"));
    },
    colour: (node) => colours[node],
    label: (node) => [`${SIGNS[tag(node)] || ""}${viewer.name(node)}`, moved[node] ? difference(moved[node]) : ""],
    mark: tag,
  };

  const pair = (name, [base, head]) => {
    const [was, became] = quantities(base, head);
    return [name, `${was} → ${became}`, ratio(base, head)];
  };

  const describe = (node) => ({
    tag: tag(node),
    kind: node ? data.kinds[frames.kinds[tree.frame[node]]] : "",
    weights: [
      pair("total", tree.total.map((total) => total[node])),
      ["difference", difference(moved[node]), `${shareOfChange(moved[node])} of the change`],
      pair(data.leftOut ? "own, with what is not drawn" : "own", tree.own.map((own) => own[node])),
    ],
  });

  const describeFound = ({ weights: [base, head] }, side) =>
    `${difference(head - base)}, ${shareOfChange(head - base)} of the change; ${percent([base, head][side] / data.whole[side])} of ${["base", "head"][side]}`;

  function legend() {
    document.getElementById("legend").replaceChildren(make("ul", { class: "changes-legend" },
      make("li", {}, "shrank", make("span", { class: "scale", "aria-hidden": "true" }), "grew"),
      make("li", {}, make("span", { class: "sample new" }, "+"), "new: only in head"),
      make("li", {}, make("span", { class: "sample vanished" }, "−"), "vanished: only in base")));
  }

  function table() {
    const word = (value) => (value > 0 ? "grew" : value < 0 ? "shrank" : "");
    const coloured = (value) => make("span", { class: word(value) }, `${value > 0 ? "▲ " : value < 0 ? "▼ " : ""}${difference(value)}`);
    const weight = (at) => ({ value: (row) => row[at], cells: (row) => [quantities(row[1], row[2])[at - 1]] });
    const bySize = (value) => (row) => Math.abs(value(row));
    const inclusive = ([, base, head]) => head - base, own = ([, , , base, head]) => head - base;
    new perfbench.Table(document.getElementById("table"), {
      caption: "The frames that moved most from base to head, with all that they call and in their own bodies",
      columns: [
        { name: "function", text: true, value: ([frame]) => frames.labels[frame], cells: ([frame, base, head]) => perfbench.frameCell(viewer, frame, tagOf(base, head)) },
        { name: "base", title: "With all that it calls", ...weight(1) },
        { name: "head", title: "With all that it calls", ...weight(2) },
        { name: "difference", title: "Of head from base, with all that it calls", value: bySize(inclusive), cells: (row) => [coloured(inclusive(row))] },
        { name: "of the change", title: "Share of the whole change", value: bySize(inclusive), cells: (row) => [shareOfChange(inclusive(row))] },
        { name: "own difference", title: "Of head from base, in its own body", value: bySize(own), cells: (row) => [coloured(own(row))] },
      ],
      rows: data.moved, sorted: 5,
    });
  }

  const viewer = perfbench.viewer = new perfbench.Viewer(data, tree, {
    frames, look, describe, describeFound,
    sides: [["As base", "Widths of base: shows what has vanished"], ["As head", "Widths of head: shows what is new"]],
  });
  legend();
  table();
}
