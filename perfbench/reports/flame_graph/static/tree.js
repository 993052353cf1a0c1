/* A call tree as arrays, and where the boxes of each side lie. */
"use strict";

perfbench.Tree = class {
  /** Takes the columns of encoding.py. `own` holds weights for each side: one side, or base and head.

      Children stand by their larger weight on any side, the heaviest first: the order is that of all sides, so that
      a box keeps its neighbours when the side is changed. `rows[side][depth]` are the nodes with a weight there, from
      left to right, `start[side][node]` is where a node begins and `total[side][node]` how wide it is. */
  constructor({ parent, frame, own }) {
    this.size = frame.length;
    this.frame = new Int32Array(frame);
    this.parent = new Int32Array(this.size);
    this.depth = new Int32Array(this.size);
    for (let node = 0, last = -1; node < this.size; node += 1) {
      this.parent[node] = last += parent[node];
      if (node) this.depth[node] = this.depth[last] + 1;
    }
    this.own = own.map((weights) => new Float64Array(weights));
    this.total = this.own.map((weights) => this.sums(weights));
    this.order = this.preorder();
    this.start = this.total.map((total) => this.starts(total));
    this.rows = this.total.map((total) => this.nodesByDepth(total));
    this.reach = this.deepest();
  }

  sums(own) {
    const total = new Float64Array(own);
    for (let node = this.size - 1; node > 0; node -= 1) total[this.parent[node]] += total[node];
    return total;
  }

  /** Nodes in the order in which they are drawn: each before all below it, siblings by weight. */
  preorder() {
    const weight = new Float64Array(this.total[0]);
    for (const total of this.total) for (let node = 0; node < this.size; node += 1) weight[node] = Math.max(weight[node], total[node]);
    const light = new Int32Array(this.size).map((_, node) => node).sort((a, b) => weight[a] - weight[b] || b - a);
    this.child = new Int32Array(this.size).fill(-1);
    this.next = new Int32Array(this.size).fill(-1);
    for (const node of light) {
      if (node === 0) continue;
      this.next[node] = this.child[this.parent[node]];
      this.child[this.parent[node]] = node;
    }
    const order = new Int32Array(this.size);
    for (let node = 0, place = 0; place < this.size;) {
      order[place++] = node;
      if (this.child[node] >= 0) { node = this.child[node]; continue; }
      while (node > 0 && this.next[node] < 0) node = this.parent[node];
      node = this.next[node];
    }
    return order;
  }

  starts(total) {
    const start = new Float64Array(this.size), free = new Float64Array(this.size);
    for (const node of this.order) {
      if (node) {
        start[node] = free[this.parent[node]];
        free[this.parent[node]] += total[node];
      }
      free[node] = start[node];
    }
    return start;
  }

  nodesByDepth(total) {
    const rows = [];
    for (const node of this.order) if (total[node] > 0) (rows[this.depth[node]] ??= []).push(node);
    return rows;
  }

  /** How deep the deepest node below each node lies. */
  deepest() {
    const reach = new Int32Array(this.depth);
    for (let node = this.size - 1; node > 0; node -= 1)
      reach[this.parent[node]] = Math.max(reach[this.parent[node]], reach[node]);
    return reach;
  }

  /** Where in its row the last node is that begins at or before `at`; -1 where none does. */
  place(side, depth, at) {
    const row = this.rows[side][depth] || [], start = this.start[side];
    let low = 0, high = row.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (start[row[middle]] <= at) low = middle + 1;
      else high = middle;
    }
    return low - 1;
  }

  /** The node at a depth that holds `at`, or null. */
  at(side, depth, at) {
    const node = (this.rows[side][depth] || [])[this.place(side, depth, at)];
    return node !== undefined && at < this.start[side][node] + this.total[side][node] ? node : null;
  }

  /** The heaviest child of a node that has a weight on this side, or null. */
  heaviest(side, node) {
    let found = null;
    for (let child = this.child[node]; child >= 0; child = this.next[child])
      if (this.total[side][child] > (found === null ? 0 : this.total[side][found])) found = child;
    return found;
  }

  /** All nodes from the root to a node. */
  path(node) {
    const found = [];
    for (; node >= 0; node = this.parent[node]) found.push(node);
    return found.reverse();
  }

  /** The node itself, or the nearest above it that has a weight on this side. */
  present(side, node) {
    while (node > 0 && !(this.total[side][node] > 0)) node = this.parent[node];
    return node;
  }
};
