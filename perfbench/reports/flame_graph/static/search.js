/* Finding frames by a part of their name or by a regular expression, and what they take together. */
"use strict";

perfbench.Search = class {
  /** `labels` are the frames as they are shown, "function (file:line)". */
  constructor(labels, tree) {
    Object.assign(this, { labels, tree });
    this.lower = labels.map((label) => label.toLowerCase());
  }

  /** Which frames a text finds, as 0 and 1. The whole label of a frame finds that frame alone.
      Throws a SyntaxError where the text is to be a regular expression and is none. */
  frames(text, isRegex) {
    const found = new Uint8Array(this.labels.length);
    const wanted = text.toLowerCase();
    const exact = !isRegex && this.labels.includes(text);
    const pattern = isRegex ? new RegExp(text, "iu") : null;
    for (let frame = 0; frame < found.length; frame += 1) {
      const fits = exact ? this.labels[frame] === text
        : pattern ? pattern.test(this.labels[frame]) : this.lower[frame].includes(wanted);
      found[frame] = fits ? 1 : 0;
    }
    return found;
  }

  /** The nodes of these frames, and on each side the weight of all that they take, recursion counted once. */
  nodes(frames) {
    const { tree } = this;
    const marks = new Uint8Array(tree.size), inside = new Uint8Array(tree.size);
    const weights = tree.total.map(() => 0);
    let count = 0;
    for (let node = 1; node < tree.size; node += 1) {
      const above = inside[tree.parent[node]];
      marks[node] = frames[tree.frame[node]];
      inside[node] = above || marks[node];
      count += marks[node];
      if (marks[node] && !above) tree.total.forEach((total, side) => { weights[side] += total[node]; });
    }
    return { marks, weights, count, functions: frames.reduce((sum, one) => sum + one, 0) };
  }
};
