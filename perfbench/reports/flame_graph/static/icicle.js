/* Boxes of a call tree on a canvas: drawn, pointed at and walked by keyboard.

   A canvas and no elements, as a profile has tens of thousands of boxes. The canvas is as large as the window on the
   picture; what is scrolled is the room behind it, so that a stack of a thousand calls costs no more than one of ten. */
"use strict";

perfbench.Icicle = class {
  static ROW = 20;
  static ROW_FOR_FINGERS = 26;
  static LEAST = 0.75; // pixels that a box needs to be walked to
  static PACE = 170; // milliseconds that a zoom takes

  /** `look` has `palette()`, `colour(node)` (a number in the palette), `label(node)` as [name, beside] and `mark(node)`
      as "", "new" or "vanished". `told(node, byKey)` hears what is pointed at or null, `zoomed(node)` what is zoomed. */
  constructor({ canvas, room, scroll, tree, look, told, zoomed }) {
    Object.assign(this, { canvas, room, scroll, tree, look, told, zoomed });
    Object.assign(this, { side: tree.rows.length - 1, zoomedNode: 0, selected: null, pointed: null, marks: null, flipped: false });
    this.context = canvas.getContext("2d");
    this.view = this.range(0);
    this.repaint();
    scroll.addEventListener("scroll", () => this.draw(), { passive: true });
    canvas.addEventListener("pointermove", (event) => this.point(event.pointerType === "touch" ? null : this.hit(event)));
    canvas.addEventListener("pointerleave", () => this.point(null));
    canvas.addEventListener("click", (event) => this.click(event));
    canvas.addEventListener("keydown", (event) => this.key(event));
    canvas.addEventListener("blur", () => this.draw());
    canvas.addEventListener("focus", () => this.draw());
    new ResizeObserver(() => this.resize()).observe(scroll);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => { this.repaint(); this.draw(); });
  }

  get row() {
    return matchMedia("(pointer: coarse)").matches ? perfbench.Icicle.ROW_FOR_FINGERS : perfbench.Icicle.ROW;
  }

  get rowsShown() {
    return this.tree.reach[this.zoomedNode] + 1;
  }

  range(node) {
    const from = this.tree.start[this.side][node];
    return [from, from + this.tree.total[this.side][node]];
  }

  /** Ask the look for its colours again. */
  repaint() {
    const names = ["paper", "ink", "accent"];
    this.palette = this.look.palette();
    [this.paper, this.ink, this.accent] = names.map((name) => perfbench.css(perfbench.colour(name)));
    this.hatches = new Map();
  }

  /** The canvas fills the window of the picture; the window is never higher than the whole tree. */
  resize() {
    const ratio = window.devicePixelRatio || 1;
    this.width = this.scroll.clientWidth;
    this.room.style.height = `${this.rowsShown * this.row + 2}px`;
    this.height = Math.min(this.scroll.clientHeight, Math.max(this.rowsShown * this.row + 2, 1));
    this.canvas.width = Math.round(this.width * ratio);
    this.canvas.height = Math.round(this.height * ratio);
    this.canvas.style.height = `${this.height}px`;
    this.context.setTransform(ratio, 0, 0, ratio, 0, 0);
    this.draw();
  }

  /** Where a depth begins, in pixels of the room. */
  top(depth) {
    return 1 + (this.flipped ? this.rowsShown - 1 - depth : depth) * this.row;
  }

  /** Where a box lies on the canvas as {left, top, width, height}, cut at its sides. */
  box(node) {
    const [from, to] = this.view, scale = this.width / (to - from || 1);
    const start = this.tree.start[this.side][node];
    const left = Math.max((start - from) * scale, 0);
    const right = Math.min((start + this.tree.total[this.side][node] - from) * scale, this.width);
    return { left, top: this.top(this.tree.depth[node]) - this.scroll.scrollTop, width: right - left, height: this.row };
  }

  draw() {
    if (!this.width) return;
    const { context, row } = this;
    const first = Math.floor((this.scroll.scrollTop - 1) / row), last = Math.ceil((this.scroll.scrollTop + this.height) / row);
    context.fillStyle = this.paper;
    context.fillRect(0, 0, this.width, this.height);
    context.font = `12px ui-monospace, SFMono-Regular, Menlo, Consolas, "Liberation Mono", "DejaVu Sans Mono", monospace`;
    context.textBaseline = "middle";
    this.letter = context.measureText("m").width;
    for (let line = Math.max(first, 0); line <= Math.min(last, this.rowsShown - 1); line += 1)
      this.drawRow(this.flipped ? this.rowsShown - 1 - line : line);
    if (this.pointed !== null) this.outline(this.pointed, this.ink, 1.5);
    if (this.selected !== null) this.outline(this.selected, document.activeElement === this.canvas ? this.accent : this.ink, 2.5);
  }

  drawRow(depth) {
    const { tree, side, width } = this;
    const nodes = tree.rows[side][depth] || [], start = tree.start[side], total = tree.total[side];
    const [from, to] = this.view, scale = width / (to - from || 1), top = this.top(depth) - this.scroll.scrollTop;
    let filled = -1;
    for (let place = Math.max(tree.place(side, depth, from), 0); place < nodes.length; place += 1) {
      const node = nodes[place];
      if (start[node] >= to) break;
      let left = Math.max((start[node] - from) * scale, 0), right = Math.min((start[node] + total[node] - from) * scale, width);
      const found = this.marks !== null && this.marks[node] === 1;
      // Boxes of less than a pixel share it; what was found is seen however small it is.
      if (right <= 0 || (right <= filled && !found)) continue;
      if (right - left < 1) [left, right] = [Math.floor(left), Math.floor(left) + 1];
      filled = Math.floor(right);
      this.drawBox(node, left, top, right - left, found);
    }
  }

  drawBox(node, left, top, width, found) {
    const { context, row } = this;
    const { fill, ink, quiet } = this.palette[this.isFaded(node, found) ? "faded" : "full"][this.look.colour(node)];
    const gap = width > 3 ? 1 : 0, mark = width > 4 ? this.look.mark(node) : "";
    context.fillStyle = fill;
    context.fillRect(left, top, width - gap, row - 1);
    const end = width >= 3 * this.letter ? this.write(node, left, top, width - gap, ink, quiet) : left;
    if (mark) this.drawMark(mark, left, top, width - gap, end, ink);
    if (found) {
      context.fillStyle = this.accent;
      context.fillRect(left, top + row - 4, width - gap, 3);
    }
  }

  /** What was not found steps back, and so does what calls the box that is zoomed into. */
  isFaded(node, found) {
    return this.tree.depth[node] < this.tree.depth[this.zoomedNode] || (this.marks !== null && !found && node !== 0);
  }

  /** Write the label of a box, and beside it what there is room for. Returns where the text ends. */
  write(node, left, top, width, ink, quiet) {
    const { context, row, letter } = this;
    const [name, beside] = this.look.label(node);
    const pad = 4, room = Math.floor((width - 2 * pad + 1) / letter), middle = top + row / 2;
    if (room < 2) return left;
    const shown = name.length <= room ? name : `${name.slice(0, room - 1)}…`;
    context.fillStyle = ink;
    // Letters of other scripts are wider than those that were measured.
    context.fillText(shown, left + pad, middle, width - 2 * pad + 1);
    let used = Math.min(shown.length, room);
    if (beside && shown === name && used + 2 + beside.length <= room) {
      context.fillStyle = quiet;
      context.fillText(beside, left + pad + (used + 2) * letter, middle, width - 2 * pad - (used + 2) * letter + 1);
      used += 2 + beside.length;
    }
    return left + pad + used * letter;
  }

  /** New boxes have a whole outline and lines that rise, vanished ones a broken outline and lines that fall. */
  drawMark(mark, left, top, width, textEnd, ink) {
    const { context, row } = this;
    const from = textEnd > left ? textEnd + 5 : left;
    if (from < left + width) {
      context.fillStyle = this.hatch(mark, ink);
      context.fillRect(from, top, left + width - from, row - 1);
    }
    context.strokeStyle = ink;
    context.lineWidth = 1.5;
    context.setLineDash(mark === "vanished" ? [4, 3] : []);
    context.strokeRect(left + 0.75, top + 0.75, Math.max(width - 1.5, 0), row - 2.5);
    context.setLineDash([]);
  }

  hatch(mark, ink) {
    const key = mark + ink;
    if (!this.hatches.has(key)) {
      const tile = document.createElement("canvas");
      tile.width = tile.height = 8;
      const pen = tile.getContext("2d");
      pen.strokeStyle = ink;
      pen.globalAlpha = 0.45;
      pen.lineWidth = 1.25;
      for (const shift of [-8, 0, 8]) {
        pen.moveTo(shift, mark === "new" ? 8 : 0);
        pen.lineTo(shift + 8, mark === "new" ? 0 : 8);
      }
      pen.stroke();
      this.hatches.set(key, this.context.createPattern(tile, "repeat"));
    }
    return this.hatches.get(key);
  }

  outline(node, colour, thickness) {
    const { left, top, width, height } = this.box(node);
    if (width <= 0) return;
    this.context.strokeStyle = colour;
    this.context.lineWidth = thickness;
    const inset = thickness / 2;
    this.context.strokeRect(left + inset, top + inset, Math.max(width - thickness - 1, 1), height - thickness - 1);
  }

  /** The node at a place of the canvas, or null. */
  hit({ offsetX, offsetY }) {
    const [from, to] = this.view;
    const line = Math.floor((offsetY + this.scroll.scrollTop - 1) / this.row);
    const depth = this.flipped ? this.rowsShown - 1 - line : line;
    const node = this.tree.at(this.side, depth, from + (offsetX / this.width) * (to - from));
    return node !== null && this.tree.depth[node] < this.rowsShown ? node : null;
  }

  point(node) {
    if (node === this.pointed) return;
    this.pointed = node;
    this.canvas.style.cursor = node === null ? "default" : "pointer";
    this.draw();
    this.told(node ?? this.selected, false);
  }

  /** A finger has no hovering: its first tap tells of a box, the second one zooms. */
  click(event) {
    const node = this.hit(event);
    if (node === null) return;
    const zooms = event.pointerType !== "touch" || node === this.selected;
    this.select(node, { byKey: false });
    if (zooms) this.zoom(node);
  }

  select(node, { byKey = true } = {}) {
    this.selected = node;
    if (node !== null && byKey) this.reveal(node);
    this.draw();
    this.told(node, byKey);
  }

  /** Scroll a box into view, and zoom out until it has a width. */
  reveal(node) {
    while (this.zoomedNode !== 0 && !this.isWithin(node, this.zoomedNode) && !this.isWithin(this.zoomedNode, node))
      this.zoom(this.tree.parent[this.zoomedNode], { animated: false });
    const top = this.top(this.tree.depth[node]);
    if (top < this.scroll.scrollTop) this.scroll.scrollTop = top - this.row;
    else if (top + this.row > this.scroll.scrollTop + this.height) this.scroll.scrollTop = top + 2 * this.row - this.height;
  }

  isWithin(node, above) {
    while (node > above) node = this.tree.parent[node];
    return node === above;
  }

  /** Give a node and all below it the whole width; what calls it stays as a bar above. */
  zoom(node, { animated = true } = {}) {
    const was = this.view;
    this.zoomedNode = node;
    const goal = this.view = this.range(node);
    this.resize();
    const top = this.top(this.tree.depth[node]), spare = 2 * this.row;
    this.scroll.scrollTop = this.flipped ? top + this.row + spare - this.height : top - spare - 1;
    this.zoomed(node);
    if (animated && !matchMedia("(prefers-reduced-motion: reduce)").matches) this.glide(was, goal);
    else this.draw();
  }

  glide(was, goal) {
    const begun = performance.now();
    const step = (now) => {
      if (this.goal !== goal) return;
      const done = Math.min(Math.max((now - begun) / perfbench.Icicle.PACE, 0), 1), eased = 1 - (1 - done) ** 3;
      this.view = done < 1 ? was.map((value, place) => value + (goal[place] - value) * eased) : goal;
      this.draw();
      if (done < 1) requestAnimationFrame(step);
      else this.goal = null;
    };
    this.goal = goal;
    this.view = was;
    requestAnimationFrame(step);
  }

  /** Whether nothing moves. */
  get isStill() {
    return !this.goal;
  }

  /** Show these nodes and fade the others; null shows all alike. */
  mark(marks) {
    this.marks = marks;
    this.draw();
  }

  flip(flipped) {
    this.flipped = flipped;
    this.zoom(this.zoomedNode, { animated: false });
  }

  /** Show another side; where it has no such box, the nearest one above it takes its place. */
  turn(side) {
    this.side = side;
    this.pointed = null;
    if (this.selected !== null) this.selected = this.tree.present(side, this.selected);
    this.zoom(this.tree.present(side, this.zoomedNode), { animated: false });
    this.told(this.selected, true);
  }

  key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const here = this.selected ?? this.zoomedNode;
    const [up, down] = this.flipped ? ["ArrowDown", "ArrowUp"] : ["ArrowUp", "ArrowDown"];
    const actions = {
      [up]: () => (here > 0 ? this.tree.parent[here] : here),
      [down]: () => (this.selected === null ? here : this.tree.heaviest(this.side, here) ?? here),
      ArrowLeft: () => this.beside(here, -1), ArrowRight: () => this.beside(here, 1),
      Home: () => this.zoomedNode,
    };
    if (Object.hasOwn(actions, event.key)) this.select(actions[event.key]());
    else if (event.key === "Enter" || event.key === " ") this.zoom(here);
    else if (event.key === "Backspace") this.zoom(Math.max(this.tree.parent[this.zoomedNode], 0));
    else return;
    event.preventDefault();
  }

  /** The next box of the row in which a node lies that is wide enough to be seen, or the node itself. */
  beside(node, step) {
    const row = this.tree.rows[this.side][this.tree.depth[node]] || [];
    const here = this.tree.place(this.side, this.tree.depth[node], this.tree.start[this.side][node]);
    for (let place = here + step; place >= 0 && place < row.length; place += step)
      if (this.box(row[place]).width >= perfbench.Icicle.LEAST) return row[place];
    return node;
  }
};
