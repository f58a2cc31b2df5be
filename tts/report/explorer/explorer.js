"use strict";
// Texts here are a model's: they become text nodes, never markup.
(() => {
  const root = document.getElementById("explorer");
  if (!root) return;
  const data = JSON.parse(document.getElementById("explorer-data").textContent);
  const [find, which, pick, view, count] = ["find", "which", "pick", "problem", "counted"].map((id) => document.getElementById(id));
  const VERDICTS = { true: "✓ right", false: "✗ wrong" };
  let turn = 0;

  function make(tag, options = {}, ...children) {
    const { text, on, ...attributes } = options;
    const svg = ["svg", "g", "path", "circle", "rect", "text", "title"].includes(tag);
    const element = svg ? document.createElementNS("http://www.w3.org/2000/svg", tag) : document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) if (value !== null) element.setAttribute(name, value);
    for (const [name, action] of Object.entries(on ?? {})) element.addEventListener(name, action);
    element.append(...(text === undefined ? [] : [String(text)]), ...children);
    return element;
  }

  async function unpack(i) {
    const bytes = Uint8Array.from(atob(data.packs[i]), (c) => c.charCodeAt(0));
    const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"));
    return JSON.parse(await new Response(stream).text());
  }

  const FILTERS = [
    ["all", "all problems", () => true],
    ["never", "never solved", (p) => !p[6][0]],
    ["majority", "solved, but not by majority", (p) => p[6][0] && !p[6][1]],
    ...data.picks.map((name, i) => [`v${i}`, `solved, but not by best (${name})`, (p) => p[6][0] && p[6][2 + i] === false]),
    ["differ", "picks differ in verdict", (p) => new Set(p[6].slice(1).filter((x) => x !== null)).size > 1],
  ];

  const lines = data.problems.map((p, i) => {
    const text = [p[1], p[2] === null ? "" : `level ${p[2]}`, `${p[4]}/${p[5]} right`, p[3]].filter(Boolean).join(" · ");
    return { option: make("option", { value: i, text, title: p[0] }), words: `${p[0]} ${text}`.toLowerCase(), problem: p };
  });

  function list() {
    const test = FILTERS.find((f) => f[0] === which.value)[2];
    const words = find.value.toLowerCase().split(/\s+/).filter(Boolean);
    const chosen = pick.value;
    pick.replaceChildren(...lines.filter((l) => test(l.problem) && words.every((w) => l.words.includes(w))).map((l) => l.option));
    pick.value = chosen;
    const left = data.left_out ? `; ${data.left_out} further problems have no room in this page` : "";
    count.textContent = `${pick.length} of ${lines.length} problems${left}`;
  }

  async function show() {
    if (pick.value === "") return;
    const mine = ++turn;
    const problem = await unpack(Number(pick.value));
    if (mine !== turn) return;
    history.replaceState(null, "", `#p=${pick.value}`);
    const facts = [problem.benchmark, problem.level === null ? "" : `level ${problem.level}`, problem.subject ?? ""];
    const body = make("div");
    const cells = make("select", { id: "cell", on: { change: () => body.replaceChildren(...cell(problem.cells[cells.value], problem.steps)) } });
    problem.cells.forEach((c, i) => cells.append(make("option", { value: i, text:
      `${c.run ? `${c.run}: ` : ""}${c.strategy}, n = ${c.n}, seed ${c.seed} · ${c.right}/${c.total} right` })));
    view.replaceChildren(
      make("h3", { text: problem.id }),
      make("p", { class: "hint", text: facts.filter(Boolean).join(" · ") }),
      problem.question ? make("pre", { class: "model", text: problem.question }) : make("p", { class: "hint", text: "Its question is not held." }),
      make("p", {}, make("b", { text: "Reference answer: " }), make("code", { text: problem.answer })),
      make("p", { class: "options" }, make("label", { text: "Outcome of: " }, cells)),
      body,
    );
    if (problem.cells.length) body.replaceChildren(...cell(problem.cells[0], problem.steps));
  }

  function cell(c, steps) {
    const judges = [...new Set(c.shown.flatMap((d) => Object.keys(d.steps)))];
    const holder = make("div");
    const judge = make("select", { id: "judge", on: { change: () => candidates(holder, c, judge.value) } });
    for (const name of judges) judge.append(make("option", { text: name }));
    candidates(holder, c, judges[0]);
    const others = c.total - c.shown.length;
    return [
      answers(c),
      ...(c.tree ? [tree(c, steps)] : []),
      make("h4", { text: "Candidates" }),
      make("p", { class: "hint", text: `${c.shown.length} of ${c.total} shown` + (others ? `; ${others} are left out: shown are what selectors pick, what verifiers misjudge, and the earliest.` : ".") }),
      ...(judges.length ? [make("p", { class: "options" }, make("label", { text: "Steps coloured by: " }, judge)), key()] : []),
      holder,
    ];
  }

  function key() {
    const steps = [0, 0.25, 0.5, 0.75, 1].map((t) => make("span", { class: "step", style: tint(t), text: ` ${t} ` }));
    return make("p", { class: "hint" }, "Step scores, each written before its step: ", ...steps,
      " (of scores that are no probabilities: from the lowest to the highest shown)");
  }

  function answers(c) {
    const rows = c.answers.map(([answer, n, right]) => make("tr", {},
      make("td", {}, answer === null ? make("i", { text: "no answer" }) : make("code", { text: answer })),
      make("td", { class: "num", text: n }),
      make("td", { class: right ? "good" : "bad", text: VERDICTS[right] })));
    const known = c.answers.filter((a) => a[0] !== null).length;
    const head = make("tr", {}, ...["Answer", "Count", "Verdict"].map((t) => make("th", { scope: "col", class: t === "Count" ? "num" : null, text: t })));
    const more = c.distinct - known;
    return make("div", {}, make("h4", { text: "Answers" }),
      make("div", { class: "scroll short", tabindex: 0, role: "region", "aria-label": "Answers" },
        make("table", { class: "plain" }, make("thead", {}, head), make("tbody", {}, ...rows))),
      ...(more > 0 ? [make("p", { class: "hint", text: `${more} rarer answers are left out.` })] : []));
  }

  function candidates(holder, c, judge) {
    const values = c.shown.flatMap((d) => (d.steps[judge] ?? []).map((s) => s[2]));
    const [low, high] = values.every((v) => v >= 0 && v <= 1) ? [0, 1] : [Math.min(...values), Math.max(...values)];
    const share = (v) => (high > low ? (v - low) / (high - low) : 0.5);
    holder.replaceChildren(...c.shown.map((d, at) => candidate(d, judge, share, at < 2)));
  }

  function candidate(d, judge, share, open) {
    const scores = Object.entries(d.scores).map(([k, v]) => `${k} ${v ?? "none"}`).join(" · ");
    const flags = [`${d.tokens} tokens`, ...(d.finished ? [] : ["cut by a length limit"]), ...d.tags];
    if (d.verdict) flags.unshift(d.verdict);
    const found = make("details", { class: "candidate", id: `candidate-${d.i}` },
      make("summary", {}, `#${d.i} `, make("span", { class: d.correct ? "good" : "bad", text: VERDICTS[d.correct] }),
        d.answer === null ? " no answer " : " ", ...(d.answer === null ? [] : [make("code", { text: d.answer })]),
        make("span", { class: "hint", text: ` ${flags.join(" · ")}` })));
    const fill = () => found.append(...(scores ? [make("p", { class: "hint", text: scores })] : []),
      d.text === null ? make("p", { class: "hint", text: "Its text is not held in the journal." }) : text(d, judge, share));
    if (open) {
      found.open = true;
      fill();
    } else found.addEventListener("toggle", fill, { once: true });
    return found;
  }

  function text(d, judge, share) {
    const chars = Array.from(d.text);  // offsets count code points
    const half = d.gone ? Math.floor(chars.length / 2) : -1;
    const part = (from, to) => {
      if (half < from || half >= to) return [chars.slice(from, to).join("")];
      return [chars.slice(from, half).join(""), make("em", { class: "gone", text: ` … ${d.gone} characters left out … ` }), chars.slice(half, to).join("")];
    };
    const pieces = [];
    let at = 0;
    for (const [start, end, value] of d.steps[judge] ?? []) {
      const score = make("span", { class: "score", text: value.toFixed(2) });
      pieces.push(...part(at, start), make("span", { class: "step", style: tint(share(value)) }, score, ...part(start, end)));
      at = end;
    }
    return make("pre", { class: "model", tabindex: 0 }, ...pieces, ...part(at, chars.length));
  }

  function tint(share) {
    const far = Math.round(12 + 88 * Math.abs(share - 0.5));
    return `--tint: var(${share < 0.5 ? "--low" : "--high"}); --far: ${far}%`;
  }

  function layout(parent, fate) {  // what leads to returned answers on top
    const children = parent.map(() => []);
    const depth = [];
    parent.forEach((p, i) => {
      depth.push(p < 0 ? 0 : depth[p] + 1);
      if (p >= 0) children[p].push(i);
    });
    const first = (a, b) => fate[b] - fate[a] || a - b;
    for (const some of children) some.sort(first);
    const row = new Array(parent.length);
    let rows = 0;
    const place = (start) => {  // after its children; a stack, since chains may be long
      const stack = [[start, false]];
      while (stack.length) {
        const [i, done] = stack.pop();
        if (done) row[i] = (row[children[i][0]] + row[children[i].at(-1)]) / 2;
        else if (!children[i].length) row[i] = rows++;
        else stack.push([i, true], ...[...children[i]].reverse().map((k) => [k, false]));
      }
    };
    [...parent.keys()].filter((i) => parent[i] < 0).sort(first).forEach(place);
    return { children, depth, row, rows };
  }

  const FATES = ["dropped: no returned answer goes on from here", "gone on from or kept, but in no returned answer", "part of a returned answer"];

  function tree(c, steps) {
    const t = c.tree;
    const { children, depth, row, rows } = layout(t.parent, t.fate);
    const dx = 54, dy = 15, deepest = Math.max(...depth);
    const [x, y] = [(i) => 16 + dx * depth[i], (i) => 14 + dy * row[i]];
    const values = t.value.filter((v) => v !== null);
    const inside = values.every((v) => v >= 0 && v <= 1);
    const [low, high] = inside ? [0, 1] : [Math.min(...values), Math.max(...values)];
    const share = (v) => (v === null || high === low ? 0.5 : (v - low) / (high - low));
    const right = new Map(c.shown.map((d) => [d.i, d.correct]));
    const describe = (i) => `Step ${depth[i] + 1}: value ${t.value[i] ?? "none"}; ${FATES[t.fate[i]]}` +
      (t.candidate[i] < 0 ? "" : `; candidate #${t.candidate[i]}` + (right.has(t.candidate[i]) ? ` (${VERDICTS[right.get(t.candidate[i])]})` : "")) +
      (children[i].length ? `; continued ${children[i].length === 1 ? "once" : `${children[i].length} times`}` : "");

    const fact = make("p", { class: "hint", text: "Point at a node to read its step, or reach the tree with the Tab key and move with the arrow keys; a click or Enter holds the step, and opens the candidate that ends there." });
    const around = make("p", { class: "hint" });
    const said = make("pre", { class: "model said" });
    said.hidden = true;
    const live = make("div", { class: "node-text", "aria-live": "polite" }, fact, around, said);
    const nodes = t.parent.map((p, i) => make("g", { class: `node fate${t.fate[i]}`, tabindex: i ? -1 : 0, role: "img", "aria-label": describe(i), "data-i": i, style: tint(share(t.value[i])) },
      make(t.fate[i] === 1 ? "rect" : "circle", t.fate[i] === 1 ? { x: x(i) - 4.5, y: y(i) - 4.5, width: 9, height: 9 } : { cx: x(i), cy: y(i), r: t.fate[i] ? 5.5 : 3.5 }),
      ...(t.candidate[i] < 0 ? [] : [make("text", { x: x(i) + 10, y: y(i) + 4, text: `#${t.candidate[i]}${right.has(t.candidate[i]) ? (right.get(t.candidate[i]) ? " ✓" : " ✗") : ""}` })])));
    const edges = t.parent.map((p, i) => p < 0 ? null : make("path", { class: `edge fate${t.fate[i]}`,
      d: `M${x(p)} ${y(p)}C${x(p) + dx / 2} ${y(p)} ${x(i) - dx / 2} ${y(i)} ${x(i)} ${y(i)}` }));
    let told = [];
    let held = -1;

    function tell(i) {
      fact.textContent = `${describe(i)}.`;
      around.textContent = peers(i);
      const text = t.step[i] < 0 ? null : steps[t.step[i]];
      said.hidden = false;
      said.textContent = text === null ? "Its text is not held in the journal." : text || "(an empty step)";
      said.style = tint(share(t.value[i]));
      for (const one of told) one.classList.remove("told");
      told = [];
      for (let k = i; k >= 0; k = t.parent[k]) told.push(nodes[k], ...(edges[k] ? [edges[k]] : []));
      for (const one of told) one.classList.add("told");
    }
    function peers(i) {  // what it was up against
      const beside = nodes.map((_, k) => k).filter((k) => depth[k] === depth[i]);
      const on = beside.filter((k) => t.fate[k] > 0);
      const worth = on.map((k) => t.value[k]).filter((v) => v !== null);
      const [least, most] = [Math.min(...worth), Math.max(...worth)];
      const range = worth.length ? `, valued ${least}${most > least ? ` to ${most}` : ""}` : "";
      return beside.length === 1 ? "" : `Steps shown at this depth: ${beside.length}; kept or returned: ${on.length}${range}.`;
    }
    function move(i, to) {
      nodes[i].setAttribute("tabindex", -1);
      nodes[to].setAttribute("tabindex", 0);
      nodes[to].focus();
    }
    function open(i) {
      const found = document.getElementById(`candidate-${t.candidate[i]}`);
      if (!found) return;
      found.open = true;
      found.querySelector("summary").focus();
    }
    function walk(i, event) {
      if (event.key === "Enter") return open(i);
      const level = nodes.map((_, k) => k).filter((k) => depth[k] === depth[i]).sort((a, b) => row[a] - row[b]);
      const to = { ArrowLeft: t.parent[i], ArrowRight: children[i][0], ArrowUp: level[level.indexOf(i) - 1], ArrowDown: level[level.indexOf(i) + 1] }[event.key];
      if (event.key.startsWith("Arrow")) event.preventDefault();
      if (to !== undefined && to >= 0) move(i, to);
    }
    const at = (event) => Number(event.target.closest("[data-i]")?.dataset.i ?? -1);
    const drawn = make("svg", { width: 90 + dx * deepest, height: 14 + dy * rows, role: "group", "aria-label": "Search tree", on: {
      pointerover: (event) => at(event) >= 0 && tell(at(event)),
      pointerleave: () => held >= 0 && tell(held),
      focusin: (event) => at(event) >= 0 && tell((held = at(event))),
      click: (event) => {
        const i = at(event);
        if (i < 0) return;
        move(nodes.findIndex((n) => n.getAttribute("tabindex") === "0"), i);
        open(i);
      },
      keydown: (event) => at(event) >= 0 && walk(at(event), event),
    } }, ...edges.filter(Boolean), ...nodes);
    const left = t.left_out ? ` ${t.left_out} further nodes are left out, dropped ones first.` : "";
    const legend = make("p", { class: "hint", text: `Large discs: parts of returned answers, with the candidate's number at the end; squares: kept for a time; small rings: dropped. Blue: valued high; orange: low.${left}` });
    return make("details", { class: "tree", open: "" }, make("summary", { text: `The search: ${nodes.length} steps, left to right` }),
      legend, make("div", { class: "scroll tall" }, drawn), live);
  }

  for (const [value, label] of FILTERS) which.append(make("option", { value, text: label }));
  find.addEventListener("input", list);
  which.addEventListener("change", list);
  pick.addEventListener("change", show);
  list();
  const asked = /^#p=(\d+)$/.exec(location.hash);
  pick.value = asked && asked[1] < lines.length ? asked[1] : 0;
  const idle = window.requestIdleCallback ?? ((then) => setTimeout(then, 50));
  if (typeof DecompressionStream === "undefined") view.textContent = "This browser cannot unpack the problems: it has no DecompressionStream.";
  else idle(show, { timeout: 1000 });  // after the page is painted
})();
