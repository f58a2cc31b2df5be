"use strict";
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const dark = window.matchMedia("(prefers-color-scheme: dark)");
  const axis = document.getElementById("axis");
  const full = document.getElementById("full");
  const entries = [...document.querySelectorAll("#legend label")];
  const hidden = () => entries.filter((e) => !e.querySelector("input").checked).map((e) => e.dataset.series);
  let views = [];
  let turn = 0;

  function prepare(panel, theme) {
    const spec = structuredClone(panel.spec[theme]);
    const field = axis.value;
    const x = spec.encoding.x;
    x.field = field;
    x.title = panel.axes[field];
    x.scale.domain = panel.x[field].domain;
    x.axis.values = panel.x[field].values;
    if (full.checked && !panel.small) {
      for (const layer of spec.layer) {
        layer.encoding.y.scale.domain = [0, 1];
        layer.encoding.y.axis.values = [0, 0.2, 0.4, 0.6, 0.8, 1];
        layer.encoding.y.title = "accuracy";
      }
    }
    for (const step of spec.layer.find((l) => l.name === "front")?.transform ?? []) {
      if (step.sort) step.sort[0].field = field;
    }
    spec.params.find((p) => p.name === "hidden").value = hidden();
    return { ...spec, width: "container", height: panel.height, autosize: { type: "fit-x", contains: "padding" } };
  }

  async function draw() {
    const mine = ++turn;
    const theme = dark.matches ? "dark" : "light";
    const made = [];
    for (const [i, panel] of data.panels.entries()) {
      const result = await vegaEmbed(`#chart-${i}`, prepare(panel, theme), {
        renderer: "svg",
        config: data.config[theme],
        actions: { export: true, source: false, compiled: false, editor: false },
        theme: undefined,
        tooltip: { theme: theme },
        downloadFileName: "accuracy-against-compute",
      });
      if (mine !== turn) return result.finalize();
      made.push(result);
    }
    views = made;
  }

  function tell(name, value) {
    for (const result of views) result.view.signal(name, value).runAsync();
  }

  function sort(head) {
    const table = head.closest("table");
    const column = [...head.parentElement.children].indexOf(head);
    const down = head.getAttribute("aria-sort") === "ascending";
    const key = (row) => row.children[column].dataset.v ?? row.children[column].textContent;
    const numeric = head.classList.contains("num");
    const rows = [...table.tBodies[0].rows].sort((a, b) =>
      numeric ? Number(key(a)) - Number(key(b)) : key(a).localeCompare(key(b)));
    if (down) rows.reverse();
    for (const other of head.parentElement.children) other.setAttribute("aria-sort", "none");
    head.setAttribute("aria-sort", down ? "descending" : "ascending");
    table.tBodies[0].append(...rows);
  }

  for (const entry of entries) {
    entry.addEventListener("change", () => tell("hidden", hidden()));
    for (const [on, off] of [["mouseenter", "mouseleave"], ["focusin", "focusout"]]) {
      entry.addEventListener(on, () => tell("focus", entry.dataset.series));
      entry.addEventListener(off, () => tell("focus", ""));
    }
  }
  for (const button of document.querySelectorAll("thead th button")) {
    button.addEventListener("click", () => sort(button.closest("th")));
  }
  axis.addEventListener("change", draw);
  full.addEventListener("change", draw);
  dark.addEventListener("change", draw);
  draw();
})();
