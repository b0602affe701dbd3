// The table of runs: sorts by a column, filters by words and verdicts, and hides the sections of runs it filters out.
"use strict";
window.LRDoctor = window.LRDoctor || {};

/** An element with attributes and text; text is never markup. */
LRDoctor.make = (tag, attributes = {}, text = "") => {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  if (text) element.textContent = text;
  return element;
};

/** Makes the table below an element work; `state` is what an earlier call answered, to go on from. */
LRDoctor.table = (root, state = { column: null, down: false, words: "", verdicts: new Set() }) => {
  const table = root.querySelector("#runs");
  const input = root.querySelector("#filter");
  const chips = [...root.querySelectorAll(".chip")];
  const status = root.querySelector("#shown");
  if (!table) return state;
  const body = table.tBodies[0];
  const rows = [...body.rows];
  const sections = new Map(rows.map((row) => [row, root.querySelector(`#run-${row.dataset.run}`)]));
  const headers = [...table.tHead.rows[0].cells];

  headers.forEach((header, column) => {
    if (!header.dataset.sort) return;
    const button = LRDoctor.make("button", { type: "button" }, header.textContent.trim());
    header.replaceChildren(button);
    button.addEventListener("click", () => {
      const again = state.column === column;
      state.down = again ? !state.down : header.dataset.sort === "down";
      state.column = column;
      sort();
    });
  });

  function sort() {
    headers.forEach((header, column) => {
      if (!header.dataset.sort) return;
      header.setAttribute("aria-sort", column !== state.column ? "none" : state.down ? "descending" : "ascending");
    });
    if (state.column === null) return;
    const sign = state.down ? -1 : 1;
    const key = (row) => {
      const text = row.cells[state.column].dataset.value;
      return text === undefined || text === "" ? null : Number(text);
    };
    rows.sort((a, b) => {
      const [p, q] = [key(a), key(b)];
      if (p === null || q === null) return (p === null) - (q === null); // what is unknown stays at the end
      return sign * (p - q) || a.dataset.run - b.dataset.run;
    });
    body.append(...rows);
  }

  function filter() {
    const words = state.words.toLowerCase().split(/\s+/).filter(Boolean);
    let shown = 0;
    for (const row of rows) {
      const fits = (!state.verdicts.size || state.verdicts.has(row.dataset.verdict))
        && words.every((word) => row.dataset.words.includes(word));
      row.hidden = !fits;
      if (sections.get(row)) sections.get(row).hidden = !fits;
      shown += fits;
    }
    for (const chip of chips) chip.setAttribute("aria-pressed", String(state.verdicts.has(chip.dataset.verdict)));
    status.textContent = shown === rows.length ? "" : `${shown} of ${rows.length} runs shown`;
    root.querySelector("#none").hidden = shown > 0;
  }

  input.value = state.words;
  input.addEventListener("input", () => { state.words = input.value; filter(); });
  for (const chip of chips) {
    chip.addEventListener("click", () => {
      const verdict = chip.dataset.verdict;
      if (!state.verdicts.delete(verdict)) state.verdicts.add(verdict);
      filter();
    });
  }
  sort();
  filter();
  return state;
};
