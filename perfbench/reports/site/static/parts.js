/* What the pages share: making elements, writing quantities, and the commits.

   Names of benchmarks, commits and machines come from outside. They reach the page as text and as attributes,
   never as HTML: `innerHTML` occurs nowhere. */
"use strict";

const perfbench = {};

/** An element with attributes and children; text becomes text. Attributes that are null are left out. */
perfbench.element = (tag, attributes, ...children) => {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes || {})) {
    if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
    else if (value === true) made.setAttribute(name, "");
    else if (value !== null && value !== undefined && value !== false) made.setAttribute(name, value);
  }
  made.append(...children.flat().filter((child) => child !== null && child !== undefined));
  return made;
};

const SCALES = {
  seconds: [["min", 60], ["s", 1], ["ms", 1e-3], ["µs", 1e-6], ["ns", 1e-9]],
  bytes: [["TiB", 2 ** 40], ["GiB", 2 ** 30], ["MiB", 2 ** 20], ["KiB", 2 ** 10], ["B", 1]],
  share: [["%", 0.01]],
};

/** The prefix in which `reference` is at least 1, as [word, factor]: chosen once for all numbers of a chart. */
perfbench.scale = (unit, reference) => {
  const scales = Object.hasOwn(SCALES, unit) ? SCALES[unit] : null;
  if (!scales) return [unit, 1];
  const size = Math.abs(reference);
  return scales.find(([, factor]) => Number((size / factor).toPrecision(3)) >= 1) || scales[scales.length - 1];
};

/** A number with so many significant digits, but never fewer than stand before its point. */
perfbench.digits = (number, count = 3) => {
  if (number === null || !Number.isFinite(number)) return "–";
  if (number === 0) return "0";
  const rounded = Number(number.toPrecision(count));
  const size = Math.abs(rounded);
  if (size < 1e-6 || size >= 1e15) return rounded.toExponential(2).replace("-", "−");
  const decimals = Math.max(0, count - 1 - Math.floor(Math.log10(size)));
  return number.toFixed(Math.min(decimals, 20)).replace("-", "−");
};

/** A value in its unit, scaled by itself or by a scale that was chosen before. */
perfbench.quantity = (value, unit, scale = perfbench.scale(unit, value), count = 3) => {
  if (value === null || value === undefined) return "–";
  return `${perfbench.digits(value / scale[1], count)}${scale[0] ? ` ${scale[0]}` : ""}`;
};

/** A day, as everybody reads it. */
perfbench.day = (seconds) => {
  const moment = new Date(seconds * 1000);
  return Number.isNaN(moment.getTime()) ? "" : moment.toISOString().slice(0, 10);
};

perfbench.count = (number, one, many) => `${number.toLocaleString("en")} ${number === 1 ? one : many}`;

/** Receives data/commits.js: `known` holds [hash, seconds, tag] by number. */
perfbench.commits = ({ url, commits }) => {
  perfbench.known = commits;
  perfbench.commitUrl = url;
};

perfbench.short = (number) => (number === null || number === undefined ? "?" : perfbench.known[number][0].slice(0, 8));

/** A commit in short, a link where the project has said where its commits are shown. */
perfbench.commitLink = (number) => {
  const text = perfbench.short(number);
  if (number === null || number === undefined) return text;
  const [hash, seconds, tag] = perfbench.known[number];
  const title = `${hash}, ${perfbench.day(seconds)}${tag ? `, ${tag}` : ""}`;
  const code = perfbench.element("code", { title }, text);
  if (!perfbench.commitUrl) return code;
  const href = perfbench.commitUrl + encodeURIComponent(hash);
  return perfbench.element("a", { href, rel: "noopener noreferrer external" }, code);
};

/** The commit of a change, or the two between which it came. `between` is null where git was not asked; `from` and
    `to` bound its place where the points alone cannot tell it. */
perfbench.changedAt = ({ since, commit, between, from, to }) => {
  const { element: make, commitLink: link } = perfbench;
  if (from !== null && from !== undefined)
    return [link(commit), make("span", { class: "dim range" }, " within ", link(from), "…", link(to))];
  if (between === 0 || since === null || since === undefined) return [link(commit)];
  const more = between ? make("span", { class: "dim" }, ` ${perfbench.count(between, "commit", "commits")} between`) : null;
  return [make("span", { class: "range" }, link(since), "…", link(commit)), more].filter(Boolean);
};

const WORDS = { regression: "regressed", improvement: "improved", change: "changed" };

/** The size of a change: its colour says whether it is worse or better, and so does a word for those who hear it. */
perfbench.sizeOf = (direction, size) =>
  perfbench.element("span", { class: `size ${direction}` },
    perfbench.element("span", { class: "hear" }, `${WORDS[direction]} by `), size);

/** A small line of the letters that overview.py draws; decoration, since the numbers stand beside it. */
perfbench.spark = (letters, mark) => {
  const SPARKS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  const space = "http://www.w3.org/2000/svg";
  const svg = document.createElementNS(space, "svg");
  svg.setAttribute("viewBox", "0 0 96 24");
  svg.setAttribute("class", `spark ${mark || ""}`);
  svg.setAttribute("aria-hidden", "true");
  if (letters.length > 1) {
    const line = document.createElementNS(space, "polyline");
    const step = 92 / (letters.length - 1);
    line.setAttribute("points", [...letters].map((letter, place) =>
      `${(2 + place * step).toFixed(1)},${(21 - (SPARKS.indexOf(letter) / 63) * 18).toFixed(1)}`).join(" "));
    svg.append(line);
  }
  return svg;
};
