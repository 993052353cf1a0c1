/* A table that is sorted by a click on its headings and shown in parts. */
"use strict";

perfbench.Table = class {
  static PART = 25;

  /** `columns` are {name, title, value(row), cells(row), text}: what a row is sorted by, and what its cell holds.
      Text is sorted from its beginning, numbers the largest first. */
  constructor(place, { caption, columns, rows, sorted }) {
    Object.assign(this, { place, caption, columns, rows, shown: perfbench.Table.PART });
    this.sort(sorted);
  }

  sort(column, descending = !this.columns[column].text) {
    const { value } = this.columns[column];
    const rank = (one) => (Number.isNaN(one) ? -Infinity : one);
    const compare = (a, b) => {
      const [x, y] = [rank(value(a)), rank(value(b))];
      return x < y ? -1 : x > y ? 1 : 0;
    };
    this.rows = [...this.rows].sort((a, b) => (descending ? compare(b, a) : compare(a, b)));
    Object.assign(this, { sorted: column, descending });
    this.draw();
  }

  draw() {
    const { element: make } = perfbench;
    const heads = this.columns.map(({ name, title, text }, number) => {
      const sort = number === this.sorted ? (this.descending ? "descending" : "ascending") : null;
      const press = () => {
        this.sort(number, sort ? !this.descending : undefined);
        this.place.querySelectorAll("thead button")[number].focus();
      };
      return make("th", { scope: "col", class: text ? null : "right", "aria-sort": sort },
        make("button", { type: "button", class: "sort", title, onclick: press }, name,
          make("span", { class: "arrow", "aria-hidden": "true" }, sort ? (this.descending ? "▼" : "▲") : "")));
    });
    const rows = this.rows.slice(0, this.shown).map((row) => make("tr", {}, this.columns.map(({ name, text, cells }) =>
      make(text ? "th" : "td", { scope: text ? "row" : null, class: text ? null : "right", "data-name": name }, cells(row)))));
    const left = this.rows.length - this.shown;
    const more = left > 0 ? make("p", { class: "growing" }, make("button", {
      type: "button", class: "more", onclick: () => {
        const first = this.shown;
        this.shown += perfbench.Table.PART * 4;
        this.draw();
        this.place.querySelectorAll("tbody tr")[first].querySelector("button").focus();
      },
    }, `Show more (${left.toLocaleString("en")} left)`)) : null;
    this.place.replaceChildren(...[make("div", { class: "listed" }, make("table", { class: "shares" },
      make("caption", { class: "hear" }, this.caption), make("thead", {}, make("tr", {}, heads)), make("tbody", {}, rows))), more].filter(Boolean));
  }
};
