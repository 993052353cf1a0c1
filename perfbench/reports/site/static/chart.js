/* A chart of values by commit, on a canvas.

   Of our own rather than a library's: what it draws (levels, the range in which a change happened, intervals, zoom
   by keyboard) is the whole point of the page, libraries with less than half of it weigh ten times as much, and a
   site that asks nobody for anything should have nothing in it that has to be kept up to date. */
"use strict";

perfbench.Chart = class {
  /** Draws on a focusable canvas. `told` is called with the place of the cursor, `moved` with [from, to, whole]. */
  constructor(canvas, { told, moved }) {
    Object.assign(this, { canvas, told, moved, lines: [], places: [], cursor: null, view: null, drag: null });
    this.options = { log: false, zero: false, dates: false, intervals: true };
    canvas.addEventListener("keydown", (event) => this.key(event));
    canvas.addEventListener("wheel", (event) => this.wheel(event), { passive: false });
    canvas.addEventListener("pointerdown", (event) => this.press(event));
    canvas.addEventListener("pointermove", (event) => this.hover(event));
    canvas.addEventListener("pointerup", (event) => this.release(event));
    canvas.addEventListener("pointercancel", () => { this.drag = null; this.draw(); });
    canvas.addEventListener("pointerleave", (event) => {
      // A finger that is lifted leaves as well; what it pointed at stays.
      if (!this.drag && event.pointerType !== "touch" && document.activeElement !== canvas) this.point(null);
    });
    canvas.addEventListener("dblclick", () => this.zoom(null));
    new ResizeObserver(() => this.draw()).observe(canvas);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.draw());
  }

  /** Show lines of {name, colour, dash, commits, values, low, high, changes}; `commits` are numbers. */
  show(lines, unit) {
    // Beyond that, differences and products are no numbers any more; nothing that is measured comes near.
    const drawable = (value) => (value !== null && Math.abs(value) < 1e150 && (value === 0 || Math.abs(value) > 1e-150) ? value : null);
    for (const line of lines) for (const column of ["values", "low", "high"]) line[column] = line[column].map(drawable);
    const numbers = new Set(lines.flatMap((line) => line.commits));
    this.places = [...numbers].sort((a, b) => a - b);
    this.rank = new Map(this.places.map((number, place) => [number, place]));
    Object.assign(this, { lines, unit, cursor: null });
    this.view = null;
    this.draw();
    this.told(null);
  }

  set(name, value) {
    if (name === "dates" && this.options.dates !== value) this.view = null;
    this.options[name] = value;
    this.draw();
  }

  /** Where a commit stands: by date, or evenly, so that every measured commit has the same room. */
  x(number) {
    return this.options.dates ? perfbench.known[number][1] : this.rank.get(number);
  }

  whole() {
    const ends = this.places.length ? [this.places[0], this.places[this.places.length - 1]].map((one) => this.x(one)) : [0, 1];
    const room = (ends[1] - ends[0]) * 0.015 || 1;
    return [Math.min(...ends) - room, Math.max(...ends) + room];
  }

  /** Show [from, to]; null shows all. */
  zoom(view) {
    const [first, last] = this.whole();
    if (view) {
      const least = Math.max((last - first) / 5000, this.options.dates ? 60 : 2);
      let width = Math.min(Math.max(view[1] - view[0], least), last - first);
      let from = Math.min(Math.max(view[0] + (view[1] - view[0] - width) / 2, first), last - width);
      view = width >= (last - first) * 0.999 ? null : [from, from + width];
    }
    this.view = view;
    this.draw();
    const [from, to] = view || [first, last];
    const seen = this.places.filter((number) => this.x(number) >= from && this.x(number) <= to);
    this.moved(seen[0], seen[seen.length - 1], !view);
  }

  /** Zoom by a factor around a share of the width. */
  zoomBy(factor, share = 0.5) {
    const [from, to] = this.view || this.whole();
    const middle = from + (to - from) * share;
    this.zoom([middle - (middle - from) * factor, middle + (to - middle) * factor]);
  }

  pan(share) {
    const [from, to] = this.view || this.whole();
    this.zoom([from + (to - from) * share, to + (to - from) * share]);
  }

  /** Put the cursor on a commit, by its place, and bring it into view. */
  point(place) {
    if (place !== null) {
      place = Math.min(Math.max(place, 0), this.places.length - 1);
      const at = this.x(this.places[place]);
      const [from, to] = this.view || this.whole();
      if (this.view && (at < from || at > to)) this.zoom([at - (to - from) / 2, at + (to - from) / 2]);
    }
    if (place === this.cursor) return;
    this.cursor = place;
    this.draw();
    this.told(place === null ? null : this.places[place]);
  }

  key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey || !this.places.length) return;
    const last = this.places.length - 1;
    const here = this.cursor ?? last;
    const [from, to] = this.view || this.whole();
    const share = this.cursor === null ? 0.5 : (this.x(this.places[here]) - from) / (to - from);
    const changes = [...new Set(this.lines.flatMap((line) => line.changes.map((one) => this.rank.get(line.commits[one.first]))))]
      .sort((a, b) => a - b);
    const actions = {
      ArrowLeft: () => (event.shiftKey ? this.pan(-0.25) : this.point(this.cursor === null ? last : here - 1)),
      ArrowRight: () => (event.shiftKey ? this.pan(0.25) : this.point(this.cursor === null ? 0 : here + 1)),
      ArrowUp: () => this.zoomBy(0.6, share), ArrowDown: () => this.zoomBy(1 / 0.6, share),
      "+": () => this.zoomBy(0.6, share), "=": () => this.zoomBy(0.6, share), "-": () => this.zoomBy(1 / 0.6, share),
      0: () => this.zoom(null), Home: () => this.point(0), End: () => this.point(last),
      n: () => this.point(changes.find((place) => place > (this.cursor ?? -1)) ?? here),
      p: () => this.point(changes.findLast((place) => place < (this.cursor ?? last + 1)) ?? here),
      Escape: () => this.point(null),
    };
    if (!Object.hasOwn(actions, event.key)) return;
    event.preventDefault();
    actions[event.key]();
  }

  /** A wheel zooms once the chart has the focus; before that it scrolls the page, as everywhere else. */
  wheel(event) {
    if (document.activeElement !== this.canvas && !event.ctrlKey) return;
    event.preventDefault();
    const share = (event.offsetX - this.area.left) / (this.area.right - this.area.left);
    if (Math.abs(event.deltaX) > Math.abs(event.deltaY)) this.pan(event.deltaX / 1000);
    else this.zoomBy(event.deltaY > 0 ? 1.25 : 0.8, Math.min(Math.max(share, 0), 1));
  }

  press(event) {
    if (event.button !== 0) return;
    this.drag = { from: event.offsetX, to: event.offsetX };
    this.canvas.setPointerCapture(event.pointerId);
  }

  hover(event) {
    if (this.drag) {
      this.drag.to = event.offsetX;
      this.draw();
      return;
    }
    this.point(this.nearest(event.offsetX));
  }

  release(event) {
    const drag = this.drag;
    this.drag = null;
    if (!drag) return;
    if (Math.abs(drag.to - drag.from) > 6) this.zoom([drag.from, drag.to].sort((a, b) => a - b).map((at) => this.valueAt(at)));
    else this.point(this.nearest(event.offsetX));
  }

  valueAt(pixel) {
    const [from, to] = this.view || this.whole();
    return from + ((pixel - this.area.left) / (this.area.right - this.area.left)) * (to - from);
  }

  nearest(pixel) {
    const wanted = this.valueAt(pixel);
    let best = null;
    for (let place = 0; place < this.places.length; place += 1) {
      const away = Math.abs(this.x(this.places[place]) - wanted);
      if (best === null || away < best[0]) best = [away, place];
    }
    return best && best[1];
  }

  draw() {
    const { canvas } = this;
    const width = canvas.clientWidth, height = canvas.clientHeight, dense = devicePixelRatio || 1;
    if (!width || !height || !this.lines.length) return;
    canvas.width = Math.round(width * dense);
    canvas.height = Math.round(height * dense);
    const brush = this.brush = canvas.getContext("2d");
    brush.scale(dense, dense);
    const style = getComputedStyle(canvas);
    this.colour = (name) => style.getPropertyValue(`--${name}`).trim();
    brush.font = `12px ${style.fontFamily}`;
    const [from, to] = this.view || this.whole();
    const [low, high] = this.bounds(from, to);
    const scale = perfbench.scale(this.unit, Math.max(Math.abs(low), Math.abs(high)));
    const ticks = perfbench.ticks(low, high, scale[1], Math.max(2, Math.floor(height / 64)), this.options.log);
    const words = perfbench.tickWords(ticks.map((tick) => tick / scale[1]));
    const left = Math.max(...words.map((word) => brush.measureText(word).width), 20) + 12;
    const area = this.area = { left, right: width - 10, top: 26, bottom: height - 26 };
    const bend = this.options.log ? Math.log : (value) => value;
    this.px = (at) => area.left + ((at - from) / (to - from)) * (area.right - area.left);
    this.py = (value) => area.bottom - ((bend(value) - bend(low)) / (bend(high) - bend(low))) * (area.bottom - area.top);
    this.drawGrid(ticks, words, scale, from, to);
    brush.save();
    brush.beginPath();
    brush.rect(area.left, area.top - 14, area.right - area.left, area.bottom - area.top + 14);
    brush.clip();
    for (const line of this.lines) this.drawRanges(line);
    if (this.options.intervals) for (const line of this.lines) this.drawInterval(line);
    for (const line of this.lines) this.drawLine(line, from, to);
    for (const line of this.lines) this.drawMarks(line);
    this.drawCursor();
    brush.restore();
  }

  /** The range of values in view, with some room; intervals count, unless they are far wider than the values. */
  bounds(from, to) {
    let low = Infinity, high = -Infinity, outerLow = Infinity, outerHigh = -Infinity;
    const { log, intervals } = this.options;
    for (const line of this.lines) line.commits.forEach((number, index) => {
      const at = this.x(number), value = line.values[index];
      if (at < from || at > to || value === null || (log && value <= 0)) return;
      low = Math.min(low, value);
      high = Math.max(high, value);
      const bottom = line.low[index], top = line.high[index];
      if (bottom !== null && !(log && bottom <= 0)) outerLow = Math.min(outerLow, bottom);
      if (top !== null) outerHigh = Math.max(outerHigh, top);
    });
    if (low > high) return log ? [0.1, 1] : [0, 1];
    if (intervals) {
      const most = (high - low) * 0.5 || Math.abs(high) * 0.2;
      low = Math.max(Math.min(low, outerLow), low - most);
      high = Math.min(Math.max(high, outerHigh), high + most);
    }
    if (log) {
      if (low <= 0) low = high / 1000;
      const room = Math.max((high / low) ** 0.06, 1.01);
      return [low / room, high * room];
    }
    const room = (high - low) * 0.06 || Math.abs(high) * 0.1 || 1;
    if (this.options.zero) return [Math.min(0, low - (low < 0 ? room : 0)), Math.max(0, high + (high > 0 ? room : 0))];
    return [low >= 0 ? Math.max(low - room, 0) : low - room, high + room];
  }

  drawGrid(ticks, words, scale, from, to) {
    const { brush, area } = this;
    brush.strokeStyle = this.colour("rule");
    brush.fillStyle = this.colour("dim");
    brush.lineWidth = 1;
    brush.textBaseline = "middle";
    brush.textAlign = "right";
    ticks.forEach((tick, number) => {
      const y = Math.round(this.py(tick)) + 0.5;
      brush.beginPath();
      brush.moveTo(area.left, y);
      brush.lineTo(area.right, y);
      brush.stroke();
      brush.fillText(words[number], area.left - 6, y);
    });
    brush.textAlign = "left";
    brush.textBaseline = "alphabetic";
    brush.fillText(scale[0], 0, 12);
    this.drawDates(from, to);
  }

  /** Dates under the chart, as many as there is room for, and tags above it. */
  drawDates(from, to) {
    const { brush, area } = this;
    brush.textAlign = "center";
    let free = area.left, freeAbove = area.left + brush.measureText("min  ").width, written = "";
    for (const number of this.places) {
      const at = this.x(number);
      if (at < from || at > to) continue;
      const x = this.px(at);
      const [, seconds, tag] = perfbench.known[number];
      const day = perfbench.day(seconds), half = brush.measureText(day).width / 2;
      brush.fillStyle = this.colour("dim");
      if (day !== written && x - half >= free && x + half <= area.right + 8) {
        brush.fillText(day, x, area.bottom + 18);
        free = x + half + 28;
        written = day;
      }
      if (!tag) continue;
      brush.strokeStyle = this.colour("rule");
      brush.setLineDash([2, 3]);
      brush.beginPath();
      brush.moveTo(x, area.top - 6);
      brush.lineTo(x, area.bottom);
      brush.stroke();
      brush.setLineDash([]);
      const label = tag.length > 24 ? `${tag.slice(0, 23)}…` : tag, halfTag = brush.measureText(label).width / 2;
      if (x - halfTag < freeAbove || x + halfTag > area.right + 8) continue;
      brush.fillText(label, x, 12);
      freeAbove = x + halfTag + 10;
    }
  }

  /** The commits among which a change happened, as a tinted strip. */
  drawRanges(line) {
    const { brush, area } = this;
    for (const change of line.changes) {
      const from = this.px(this.x(line.commits[Math.max(change.earliest - 1, 0)]));
      const to = this.px(this.x(line.commits[change.latest]));
      brush.globalAlpha = 0.12;
      brush.fillStyle = this.colour(change.direction);
      brush.fillRect(from, area.top, Math.max(to - from, 2), area.bottom - area.top);
      brush.globalAlpha = 1;
    }
  }

  drawInterval(line) {
    const { brush } = this;
    brush.fillStyle = line.colour;
    brush.globalAlpha = this.lines.length > 3 ? 0.08 : 0.14;
    let run = [];
    const flush = () => {
      if (run.length > 1) {
        brush.beginPath();
        run.forEach(([x, , high], number) => (number ? brush.lineTo(x, high) : brush.moveTo(x, high)));
        for (const [x, low] of run.reverse()) brush.lineTo(x, low);
        brush.fill();
      }
      run = [];
    };
    line.commits.forEach((number, index) => {
      const low = line.low[index], high = line.high[index];
      if (low === null || high === null || (this.options.log && low <= 0)) flush();
      else run.push([this.px(this.x(number)), this.py(low), this.py(high)]);
    });
    flush();
    brush.globalAlpha = 1;
  }

  drawLine(line, from, to) {
    const { brush, area } = this;
    const log = this.options.log;
    const seen = line.commits.filter((number) => this.x(number) >= from && this.x(number) <= to).length;
    const dots = seen <= (area.right - area.left) / 5;
    brush.strokeStyle = brush.fillStyle = line.colour;
    brush.lineWidth = 1.25;
    brush.globalAlpha = line.changes.length ? 0.65 : 0.9;
    brush.setLineDash(line.dash);
    brush.beginPath();
    let pen = false;
    line.commits.forEach((number, index) => {
      const value = line.values[index];
      if (value === null || (log && value <= 0)) { pen = false; return; }
      const x = this.px(this.x(number)), y = this.py(value);
      if (pen && !line.breaks.has(index)) brush.lineTo(x, y); else brush.moveTo(x, y);
      pen = true;
    });
    brush.stroke();
    brush.setLineDash([]);
    if (dots) line.commits.forEach((number, index) => {
      const value = line.values[index];
      if (value === null || (log && value <= 0)) return;
      brush.beginPath();
      brush.arc(this.px(this.x(number)), this.py(value), 2.4, 0, 7);
      brush.fill();
    });
    brush.globalAlpha = 1;
    this.drawLevels(line);
  }

  /** The level before and after each change, as a calm line over the noise. */
  drawLevels(line) {
    const { brush } = this;
    const last = line.commits.length;
    const ends = [...line.changes.map((one) => one.first), last];
    brush.strokeStyle = line.colour;
    brush.lineWidth = 2.5;
    const breaks = [...line.breaks];
    line.changes.forEach((change, number) => {
      // No level reaches into another version of the benchmark.
      const previous = number ? line.changes[number - 1].first : 0;
      const start = Math.max(previous, ...breaks.filter((one) => one <= change.first));
      const stop = Math.min(ends[number + 1], ...breaks.filter((one) => one > change.first));
      const pieces = [[change.first, stop, change.after]];
      if (!number || start > previous) pieces.unshift([start, change.first, change.before]);
      for (const [start, stop, value] of pieces) {
        if (this.options.log && value <= 0) continue;
        brush.beginPath();
        brush.moveTo(this.px(this.x(line.commits[start])), this.py(value));
        brush.lineTo(this.px(this.x(line.commits[stop - 1])), this.py(value));
        brush.stroke();
      }
    });
  }

  /** A triangle at each change: up or down as the value went, coloured for worse or better; hollow once settled. */
  drawMarks(line) {
    const { brush } = this;
    for (const change of line.changes) {
      if (this.options.log && change.after <= 0) continue;
      const up = change.after > change.before ? 1 : -1;
      const x = this.px(this.x(line.commits[change.first])), y = this.py(change.after) - up * 16;
      brush.beginPath();
      brush.moveTo(x, y - up * 6);
      brush.lineTo(x + 6.5, y + up * 5);
      brush.lineTo(x - 6.5, y + up * 5);
      brush.closePath();
      brush.fillStyle = ["recovered", "accepted", "lost"].includes(change.status)
        ? this.colour("paper") : this.colour(change.direction);
      brush.strokeStyle = this.colour(change.direction);
      brush.lineWidth = 1.75;
      brush.fill();
      brush.stroke();
    }
  }

  drawCursor() {
    const { brush, area } = this;
    if (this.drag) {
      brush.fillStyle = this.colour("accent");
      brush.globalAlpha = 0.15;
      brush.fillRect(this.drag.from, area.top, this.drag.to - this.drag.from, area.bottom - area.top);
      brush.globalAlpha = 1;
    }
    if (this.cursor === null) return;
    const number = this.places[this.cursor], x = this.px(this.x(number));
    brush.strokeStyle = this.colour("dim");
    brush.lineWidth = 1;
    brush.beginPath();
    brush.moveTo(x, area.top);
    brush.lineTo(x, area.bottom);
    brush.stroke();
    for (const line of this.lines) {
      const index = line.commits.lastIndexOf(number);
      if (index < 0 || line.values[index] === null || (this.options.log && line.values[index] <= 0)) continue;
      brush.beginPath();
      brush.arc(x, this.py(line.values[index]), 4.5, 0, 7);
      brush.fillStyle = this.colour("paper");
      brush.strokeStyle = line.colour;
      brush.lineWidth = 2;
      brush.fill();
      brush.stroke();
    }
  }
};
