/* The page of one profile: whose code a box is says its colour. */
"use strict";

{
  const { element: make, amount, percent } = perfbench;
  const data = JSON.parse(document.getElementById("data").textContent);
  const tree = new perfbench.Tree(data.tree), frames = perfbench.frames(data.frames);
  const [total] = tree.total, [own] = tree.own, whole = total[0];
  const SHADES = 5;

  const kindOf = (node) => frames.kinds[tree.frame[node]];
  // Neighbours differ a little, so that they can be told apart; the root is of no kind.
  const colours = Uint8Array.from(tree.frame, (frame) => (frame < 0 ? 0 : 1 + frames.kinds[frame] * SHADES + (frame * 7) % SHADES));

  const look = {
    palette() {
      const paper = perfbench.colour("paper"), fills = [perfbench.colour("root")];
      for (let kind = 0; kind < data.kinds.length; kind += 1)
        for (let shade = 0; shade < SHADES; shade += 1) fills.push(perfbench.mix(perfbench.colour(`kind${kind}`), paper, shade * 0.055));
      return perfbench.palette(fills, paper);
    },
    colour: (node) => colours[node],
    label: (node) => [viewer.name(node), node ? frames.places[tree.frame[node]] : amount(whole, data.unit)],
    mark: () => "",
  };

  const describe = (node) => {
    const zoomed = viewer.picture.zoomedNode, weights = [
      ["total", amount(total[node], data.unit), percent(total[node] / whole)],
      [data.leftOut ? "own, with what is not drawn" : "own", amount(own[node], data.unit), percent(own[node] / whole)],
    ];
    if (zoomed && viewer.picture.isWithin(node, zoomed)) weights.push(["of what is shown", percent(total[node] / total[zoomed])]);
    return { kind: node ? data.kinds[kindOf(node)] : "", weights };
  };

  const describeFound = ({ weights: [weight] }) => `${percent(weight / whole)} (${amount(weight, data.unit)})`;

  /** What each kind takes in its own bodies. */
  function legend() {
    const takes = data.kinds.map(() => 0);
    for (let node = 1; node < tree.size; node += 1) takes[kindOf(node)] += own[node];
    document.getElementById("legend").replaceChildren(make("ul", { class: "kinds" }, data.kinds.map((word, kind) => make("li", {},
      make("span", { class: `swatch kind${kind}` }), word, make("span", { class: "dim" }, `${data.leftOut ? "≈ " : ""}${percent(takes[kind] / whole)}`)))));
  }

  function table() {
    const bar = (share) => {
      const made = make("span", { class: "bar", "aria-hidden": "true" });
      made.style.width = `${Math.min(Math.max(share, 0), 1) * 100}%`;
      return make("span", { class: "bars" }, made);
    };
    const share = (at, name, title) => ({
      name, title, value: (row) => row[at],
      cells: (row) => [`${amount(row[at], data.unit)} `, make("span", { class: "share" }, percent(row[at] / whole)), bar(row[at] / whole)],
    });
    new perfbench.Table(document.getElementById("table"), {
      caption: "What functions take, in their own bodies and with all that they call",
      columns: [
        { name: "function", text: true, value: ([frame]) => frames.labels[frame], cells: ([frame]) => perfbench.frameCell(viewer, frame) },
        share(2, "own", "In its own body"), share(1, "inclusive", "With all that it calls"),
      ],
      rows: data.functions, sorted: 1,
    });
  }

  const viewer = perfbench.viewer = new perfbench.Viewer(data, tree, { frames, look, describe, describeFound });
  legend();
  table();
}
