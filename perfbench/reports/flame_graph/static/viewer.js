/* What both kinds of pages share: the picture with its tools, what is told of a box, and the way back from a zoom. */
"use strict";

/** The frames of a page: `names`, `places` as "file:line", `labels` as "name (place)", and `kinds`. */
perfbench.frames = ({ functions, files, function: numbers, file, line, kind }) => {
  const names = numbers.map((number) => functions[number]);
  const places = file.map((number, frame) => (files[number] && line[frame] ? `${files[number]}:${line[frame]}` : files[number]));
  return { names, places, kinds: kind, labels: names.map((name, frame) => (places[frame] ? `${name} (${places[frame]})` : name)) };
};

/** A share in percent: whole ones from 10 on, one decimal from 1 on, two below. */
perfbench.percent = (share) => {
  if (!Number.isFinite(share)) return "–";
  const percent = share * 100, size = Math.abs(percent);
  const text = percent.toFixed(size >= 9.95 ? 0 : size >= 0.995 ? 1 : 2);
  return `${(text.includes(".") ? text.replace(/\.?0+$/, "") : text).replace(/^-0$/, "0").replace("-", "−")} %`;
};

/** A quantity; nothing at all needs no prefix. */
perfbench.amount = (value, unit, scale) => (value === 0 ? "0" : perfbench.quantity(value, unit, scale));

/** A difference with its sign. */
perfbench.signed = (text, number) => (number > 0 ? `+${text}` : text);

perfbench.Viewer = class {
  /** `page` says what is particular to a page: `look` for the picture (icicle.js), `describe(node)` as {kind, tag,
      weights: [[name, text, share]]} and `describeFound(result, side)`; `sides` are [button, title] for directions. */
  constructor(data, tree, page) {
    const the = (id) => document.getElementById(id);
    Object.assign(this, { data, tree, page, frames: page.frames, matches: null, match: -1 });
    for (const id of ["find", "regex", "found", "directions", "flip", "path", "scroll", "details", "tip"]) this[id] = the(id);
    this.search = new perfbench.Search(this.frames.labels, tree);
    this.picture = new perfbench.Icicle({
      canvas: the("canvas"), room: the("room"), scroll: this.scroll, tree, look: page.look,
      told: (node, byKey) => this.tell(node, byKey), zoomed: (node) => {
        this.showPath(node);
        this.tell(this.picture.pointed ?? this.picture.selected, this.picture.pointed === null);
      },
    });
    this.find.addEventListener("input", () => this.look());
    this.find.addEventListener("keydown", (event) => this.findKey(event));
    this.regex.addEventListener("click", () => { this.press(this.regex); this.look(); });
    this.flip.addEventListener("click", () => this.picture.flip(this.press(this.flip)));
    the("reset").addEventListener("click", () => this.reset());
    the("canvas").addEventListener("pointermove", (event) => this.moveTip(event));
    document.addEventListener("keydown", (event) => this.key(event));
    this.directions.replaceChildren(...(page.sides || []).map(([name, title], side) => perfbench.element("button", {
      type: "button", title, "aria-pressed": String(side === this.picture.side), onclick: () => this.turn(side),
    }, name)));
    this.directions.hidden = !page.sides;
    this.scroll.style.height = `${(tree.reach[0] + 1) * this.picture.row + 2}px`;
    this.showPath(0);
    this.tell(null);
    the("viewer").removeAttribute("aria-busy");
  }

  /** Whether a toggle is on once it was pressed. */
  press(button, on = button.getAttribute("aria-pressed") !== "true") {
    button.setAttribute("aria-pressed", String(on));
    return on;
  }

  turn(side) {
    [...this.directions.children].forEach((button, number) => this.press(button, number === side));
    this.picture.turn(side);
    if (this.matches) this.look();
  }

  name(node) {
    return node === 0 ? "all" : this.frames.names[this.tree.frame[node]];
  }

  place(node) {
    return node === 0 ? "" : this.frames.places[this.tree.frame[node]];
  }

  /** Tell of a box below the picture, and beside the mouse where it was that which pointed. */
  tell(node, byKey = true) {
    const hint = this.tree.total.some(([whole]) => whole > 0) ? "Point at a box, or tap it, to read what it takes." : "The profile holds nothing.";
    this.details.replaceChildren(...(node === null ? [perfbench.element("p", { class: "dim" }, hint)] : this.words(node)));
    this.tip.hidden = byKey || this.picture.pointed === null;
    if (!this.tip.hidden) this.tip.replaceChildren(...this.words(node));
  }

  words(node) {
    const { element: make } = perfbench;
    const { kind, tag, weights } = this.page.describe(node);
    return [
      make("p", { class: "what" }, make("code", {}, this.name(node)), this.place(node) ? make("span", { class: "place" }, this.place(node)) : null,
        tag ? make("strong", { class: `tag ${tag}` }, tag) : null, kind ? make("span", { class: "dim" }, kind) : null),
      make("dl", { class: "weights" }, weights.map(([name, text, share]) => make("div", {}, make("dt", {}, name),
        make("dd", {}, text, share === undefined ? null : [" ", make("span", { class: "share" }, share)])))),
    ];
  }

  /** Keep the tip beside the mouse, and within the window. */
  moveTip({ clientX, clientY }) {
    if (this.tip.hidden) return;
    const { offsetWidth: width, offsetHeight: height } = this.tip, space = 14;
    const left = Math.min(clientX + space, document.documentElement.clientWidth - width - 6);
    const below = clientY + space + height < window.innerHeight;
    this.tip.style.left = `${Math.max(left, 6)}px`;
    this.tip.style.top = `${below ? clientY + space : Math.max(clientY - space - height, 6)}px`;
  }

  /** The calls from the root to what is zoomed; of a long way its ends. */
  showPath(node) {
    const { element: make } = perfbench;
    const path = this.tree.path(node), MOST = 7;
    const step = (one) => make("li", {}, make("button", {
      type: "button", "aria-current": one === node ? "true" : null, onclick: () => this.picture.zoom(one),
    }, this.name(one)));
    const draw = (shown) => this.path.replaceChildren(make("ol", {}, shown));
    this.path.hidden = node === 0;
    if (path.length <= MOST) return draw(path.map(step));
    const all = make("li", {}, make("button", {
      type: "button", title: "Show every call", onclick: () => draw(path.map(step)),
    }, `… ${path.length - MOST + 1} more`));
    return draw([step(path[0]), all, ...path.slice(1 - MOST + 1).map(step)]);
  }

  /** Find what the field holds: mark its boxes, and say what they take. */
  look() {
    const text = this.find.value;
    this.find.removeAttribute("aria-invalid");
    Object.assign(this, { matches: null, match: -1 });
    let result = null;
    if (text) {
      try {
        result = this.search.nodes(this.search.frames(text, this.regex.getAttribute("aria-pressed") === "true"));
      } catch (error) {
        if (!(error instanceof SyntaxError)) throw error;
        this.find.setAttribute("aria-invalid", "true");
      }
    }
    this.found.textContent = result ? this.foundWords(result) : text ? "no regular expression" : "";
    if (result) {
      const total = this.tree.total[this.picture.side];
      this.matches = [...result.marks.keys()].filter((node) => result.marks[node] && total[node] > 0).sort((a, b) => total[b] - total[a]);
    }
    this.picture.mark(result && result.count ? result.marks : null);
  }

  foundWords(result) {
    if (!result.count) return "nothing found";
    return `${perfbench.count(result.functions, "function", "functions")}, ${this.page.describeFound(result, this.picture.side)}`;
  }

  /** Go to the next of what was found, the heaviest first. */
  goToMatch(step) {
    if (!this.matches?.length) return;
    this.match = this.match < 0 && step < 0 ? this.matches.length - 1 : (this.match + step + this.matches.length) % this.matches.length;
    this.goTo(this.matches[this.match]);
  }

  /** Select a box; where it is too narrow to be seen, zoom into what calls it. */
  goTo(node) {
    this.picture.select(node);
    if (this.picture.box(node).width >= 3) return;
    this.picture.zoom(Math.max(this.tree.parent[node], 0), { animated: false });
    this.picture.reveal(node);
    this.picture.draw();
  }

  /** Find one frame and go to its heaviest box, on the side that has it. */
  showFrame(frame) {
    this.press(this.regex, false);
    this.find.value = this.frames.labels[frame];
    this.look();
    const sides = this.tree.total.map((_, side) => side);
    const has = (side) => this.tree.frame.some((one, node) => node && one === frame && this.tree.total[side][node] > 0);
    if (!has(this.picture.side) && sides.some(has)) this.turn(sides.find(has));
    this.goToMatch(1);
    document.getElementById("viewer").scrollIntoView({ block: "start" });
    this.picture.canvas.focus({ preventScroll: true });
  }

  reset() {
    this.find.value = "";
    this.look();
    this.picture.zoom(0);
    this.picture.select(null);
  }

  findKey(event) {
    if (event.key === "Enter") this.goToMatch(event.shiftKey ? -1 : 1);
    else if (event.key === "Escape" && this.find.value) {
      this.find.value = "";
      this.look();
      event.stopPropagation();
    } else return;
    event.preventDefault();
  }

  key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
    const isWriting = event.target === this.find;
    if (event.key === "Escape") this.reset();
    else if (isWriting) return;
    else if (event.key === "/") this.find.focus();
    else if (event.key === "n") this.goToMatch(1);
    else if (event.key === "p") this.goToMatch(-1);
    else return;
    event.preventDefault();
  }
};

/** The cell of a table that names a frame; pressed, it shows where the frame is. */
perfbench.frameCell = (viewer, frame, tag) => {
  const { element: make } = perfbench, { names, places, kinds } = viewer.frames;
  return [
    make("span", { class: `swatch kind${kinds[frame]}`, title: viewer.data.kinds[kinds[frame]] }),
    make("button", { type: "button", class: "frame-name", title: "Show where it is", onclick: () => viewer.showFrame(frame) }, names[frame]),
    tag ? [" ", make("strong", { class: `tag ${tag}` }, tag)] : null,
    places[frame] ? [" ", make("span", { class: "where" }, places[frame])] : null,
  ].flat();
};
