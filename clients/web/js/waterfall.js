// Draws the latency panel: the last reply stage by stage, the ones before it as bars, and a table of it all.

import { lanes } from "./latency.js";

/**
 * @typedef {import("./latency.js").Latency} Latency
 * @typedef {import("./latency.js").Turn} Turn
 */

const SVG = "http://www.w3.org/2000/svg";
const KINDS = /** @type {const} */ ({ reply: "Reply", stop: "Stop" });
const DIGEST = { reply: "p50", stop: "stop" };
const MEANING = {
  reply: "From the end of your speech to the first sound of the answer",
  stop: "From the start of your interruption to silence",
};
const WIDTH = 300;
const LANE = 8;
const SHADES = 8;
/** The shortest time that fills the width, so that a fast reply looks fast. */
const LEAST_SPAN_MS = 300;
/** How far apart the lines of the grid may be. */
const GRIDS_MS = [100, 500, 2000, 10_000];
const GRID_LINES = 8;

/**
 * @param {HTMLElement} body
 * @param {HTMLElement} digest
 * @param {Latency} latency
 */
export function drawLatency(body, digest, latency) {
  const open = body.querySelector("details")?.open ?? false;
  const kinds = /** @type {const} */ (["reply", "stop"]).filter((kind) => latency.median(kind).count);
  digest.textContent = kinds.map((kind) => `${DIGEST[kind]} ${ms(latency.median(kind).p50)}`).join(" · ");
  if (!kinds.length) return body.replaceChildren(make("p", "quiet", "After the first answer you see here where its time went."));
  const names = latency.stages();
  const span = Math.max(LEAST_SPAN_MS, ...kinds.flatMap((kind) => latency.last(kind)).map(last));
  const grid = GRIDS_MS.find((step) => span / step <= GRID_LINES) ?? span;
  body.style.setProperty("--grid", `${(100 * grid) / span}%`);
  const sections = kinds.map((kind) => section(kind, latency, names, span));
  body.replaceChildren(...sections, make("p", "quiet", `The lines are ${ms(grid)} apart.`), table(latency, names, open));
}

/**
 * @param {'reply' | 'stop'} kind
 * @param {Latency} latency
 * @param {string[]} names
 * @param {number} span
 */
function section(kind, latency, names, span) {
  const [latest, ...earlier] = latency.last(kind);
  const { p50, count } = latency.median(kind);
  const root = make("section", "turns");
  const head = make("p", "total");
  head.append(make("span", "what", KINDS[kind]), make("strong", "", ms(latest.total)), make("span", "quiet", `p50 ${ms(p50)}, ${count} so far`));
  root.append(head, make("p", "quiet", MEANING[kind]));
  if (latest.stages.length) root.append(steps(latest, names, span));
  if (earlier.length) root.append(bars(earlier, names, span));
  return root;
}

/**
 * The latest turn: one line for each stage.
 * @param {Turn} turn
 * @param {string[]} names
 * @param {number} span
 */
function steps(turn, names, span) {
  const list = make("ol", "steps");
  const first = begin(turn);
  for (const stage of turn.stages) {
    const line = make("li", "");
    const chart = picture(LANE);
    chart.append(bar(stage, 0, names, first, span));
    line.append(make("span", "name", spoken(stage.name)), chart, make("span", "ms", ms(stage.end_ms - stage.start_ms)));
    list.append(line);
  }
  return list;
}

/**
 * Earlier turns: one line for each, its stages in one bar.
 * @param {Turn[]} turns
 * @param {string[]} names
 * @param {number} span
 */
function bars(turns, names, span) {
  const list = make("ol", "bars");
  for (const turn of turns) {
    const line = make("li", "");
    const rows = lanes(turn.stages);
    const chart = picture(LANE * Math.max(1, ...rows.map((row) => row + 1)));
    turn.stages.forEach((stage, index) => chart.append(bar(stage, rows[index], names, begin(turn), span)));
    line.append(make("span", "name", `${turn.number}`), chart, make("span", "ms", ms(turn.total)));
    list.append(line);
  }
  return list;
}

/**
 * @param {Latency} latency
 * @param {string[]} names
 * @param {boolean} open
 */
function table(latency, names, open) {
  const root = /** @type {HTMLDetailsElement} */ (make("details", "figures"));
  root.open = open;
  const grid = make("table", "");
  const header = make("tr", "");
  header.append(...["Turn", "Total", ...names.map(spoken)].map((name) => scoped("col", name)));
  const rows = [...latency.last("reply"), ...latency.last("stop")].map((turn) => {
    const row = make("tr", "");
    const cells = names.map((name) => turn.stages.filter((stage) => stage.name === name));
    row.append(
      scoped("row", `${KINDS[turn.kind]} ${turn.number}`),
      ...[turn.total, ...cells.map((stages) => sum(stages))].map((value) => make("td", "", value === null ? "–" : `${Math.round(value)}`)),
    );
    return row;
  });
  const head = make("thead", "");
  const body = make("tbody", "");
  head.append(header);
  body.append(...rows);
  grid.append(make("caption", "", "Milliseconds, the latest first"), head, body);
  const frame = make("div", "frame");
  frame.tabIndex = 0;
  frame.setAttribute("role", "region");
  frame.setAttribute("aria-label", "Latency as a table");
  frame.append(grid);
  root.append(make("summary", "", "As a table"), frame);
  return root;
}

/** @param {import("./latency.js").Stage[]} stages */
function sum(stages) {
  return stages.length ? stages.reduce((total, { start_ms, end_ms }) => total + end_ms - start_ms, 0) : null;
}

/**
 * @param {import("./latency.js").Stage} stage
 * @param {number} lane
 * @param {string[]} names
 * @param {number} first
 * @param {number} span
 */
function bar({ name, start_ms, end_ms }, lane, names, first, span) {
  const scale = WIDTH / span;
  const rect = document.createElementNS(SVG, "rect");
  const values = { x: (start_ms - first) * scale, y: lane * LANE + 1, width: Math.max(1.5, (end_ms - start_ms) * scale), height: LANE - 2, rx: 1.5 };
  for (const [key, value] of Object.entries(values)) rect.setAttribute(key, value.toFixed(1));
  rect.setAttribute("class", `stage-${names.indexOf(name) % SHADES}`);
  const title = document.createElementNS(SVG, "title");
  title.textContent = `${spoken(name)}: ${ms(end_ms - start_ms)}`;
  rect.append(title);
  return rect;
}

/** @param {number} height */
function picture(height) {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", `0 0 ${WIDTH} ${height}`);
  svg.setAttribute("preserveAspectRatio", "none");
  svg.setAttribute("aria-hidden", "true");
  svg.setAttribute("height", `${height}`);
  return svg;
}

/** @param {Turn} turn a stage may begin before the user's speech has ended */
function begin({ stages }) {
  return Math.min(0, ...stages.map((stage) => stage.start_ms));
}

/** @param {Turn} turn */
function last(turn) {
  return Math.max(turn.total, ...turn.stages.map((stage) => stage.end_ms)) - begin(turn);
}

/** @param {number} value */
function ms(value) {
  return `${Math.round(value)} ms`;
}

/** @param {string} name a stage's name on the wire */
function spoken(name) {
  return name.replaceAll("_", " ");
}

/**
 * @param {string} scope
 * @param {string} text
 */
function scoped(scope, text) {
  const cell = make("th", "", text);
  cell.setAttribute("scope", scope);
  return cell;
}

/**
 * @param {string} tag
 * @param {string} className
 * @param {string} [text]
 * @returns {HTMLElement}
 */
function make(tag, className, text = "") {
  const element = document.createElement(tag);
  if (className) element.className = className;
  element.textContent = text;
  return element;
}
