"use strict";
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const dark = window.matchMedia("(prefers-color-scheme: dark)");
  const axis = document.getElementById("axis");
  const full = document.getElementById("full");
  const entries = [...document.querySelectorAll("#legend label")];
  const first = entries.filter((e) => e.querySelector("input").checked);
  const hidden = () => entries.filter((e) => !e.querySelector("input").checked).map((e) => e.dataset.series);
  const theme = () => (dark.matches ? "dark" : "light");

  function panelSpec(panel) {
    const spec = structuredClone(panel.spec[theme()]);
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
      if (step.window) step.groupby = panel.byModel && field !== "flops" ? ["model"] : [];
      if (step.as === "front") step.calculate = panel.byModel && field !== "flops" ? "datum.model" : "''";
    }
    spec.params.find((p) => p.name === "hidden").value = hidden();
    return spec;
  }

  const MARGIN = 500;
  // A chart is drawn when it comes near the window: a long report opens as fast as a short one.
  const charts = [
    ...data.panels.map((panel, i) => ({ id: `chart-${i}`, height: panel.height, live: true, spec: () => panelSpec(panel) })),
    ...data.charts.map((chart, i) => ({ id: `extra-${i}`, height: chart.height, spec: () => chart.spec[theme()] })),
  ].map((chart) => ({ ...chart, element: document.getElementById(chart.id), near: false, turn: 0, result: null }));

  async function draw(chart) {
    const mine = ++chart.turn;
    const spec = { ...chart.spec(), width: "container", height: chart.height, autosize: { type: "fit-x", contains: "padding" } };
    const result = await vegaEmbed(chart.element, spec, {
      renderer: "svg",
      config: data.config[theme()],
      actions: { export: true, source: false, compiled: false, editor: false },
      theme: undefined,
      tooltip: { theme: theme() },
      downloadFileName: "accuracy-against-compute",
    });
    if (mine !== chart.turn) result.finalize();
    else chart.result = result;
  }

  function approach(chart) {
    if (chart.near) return;
    chart.near = true;
    draw(chart);
  }

  function redraw(some) {
    for (const chart of some) if (chart.near) draw(chart);
  }

  const watcher = new IntersectionObserver((seen) => {
    for (const { target, isIntersecting } of seen) {
      if (!isIntersecting) continue;
      watcher.unobserve(target);
      approach(charts.find((chart) => chart.element === target));
    }
  }, { rootMargin: `${MARGIN}px` });
  for (const chart of charts) {
    const { top, bottom } = chart.element.getBoundingClientRect();
    if (bottom > -MARGIN && top < window.innerHeight + MARGIN) approach(chart);
    else watcher.observe(chart.element);
  }

  const live = charts.filter((chart) => chart.live);

  function tell(name, value) {
    for (const chart of live) chart.result?.view.signal(name, value).runAsync();
  }

  function show(which) {
    for (const entry of entries) {
      entry.querySelector("input").checked = which === "all" || (which === "front" && first.includes(entry));
    }
    tell("hidden", hidden());
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
  for (const button of document.querySelectorAll("button[data-show]")) {
    button.addEventListener("click", () => show(button.dataset.show));
  }
  for (const button of document.querySelectorAll("thead th button")) {
    button.addEventListener("click", () => sort(button.closest("th")));
  }
  axis.addEventListener("change", () => redraw(live));
  full.addEventListener("change", () => redraw(live));
  dark.addEventListener("change", () => redraw(charts));
  window.addEventListener("beforeprint", () => charts.forEach(approach));
})();
