/* The filter of the list of profiles: every word has to occur, in the heading or in the line. */
"use strict";

{
  const field = document.getElementById("filter"), count = document.getElementById("count");
  const all = count.textContent;
  const groups = [...document.querySelectorAll(".group")].map((group) => ({
    group, name: group.querySelector("h2").textContent.toLowerCase(),
    lines: [...group.querySelectorAll("li")].map((line) => ({ line, text: line.textContent.toLowerCase() })),
  }));

  const filter = () => {
    const words = field.value.toLowerCase().split(/\s+/).filter(Boolean);
    let shown = 0;
    for (const { group, name, lines } of groups) {
      let here = 0;
      for (const { line, text } of lines) {
        line.hidden = !words.every((word) => name.includes(word) || text.includes(word));
        here += line.hidden ? 0 : 1;
      }
      group.hidden = here === 0;
      shown += here;
    }
    count.textContent = words.length ? `${shown.toLocaleString("en")} of ${all}` : all;
  };

  if (field) {
    field.closest(".filters").hidden = false;
    field.addEventListener("input", filter);
    document.addEventListener("keydown", (event) => {
      if (event.key === "Escape" && field.value) {
        field.value = "";
        filter();
      } else if (event.key === "/" && event.target !== field && !event.ctrlKey && !event.metaKey && !event.altKey) field.focus();
      else return;
      event.preventDefault();
    });
    // A browser that goes back to the page fills the field again.
    filter();
  }
}
