// What is where on the page, and the three ways to tell people something: a problem, a banner, an announcement.

import { explain } from "./problems.js";

/** @typedef {'start' | 'connecting' | 'call' | 'ended'} Stage */

/**
 * The element with an id that index.html is known to have.
 * @template {HTMLElement} [T=HTMLElement]
 * @param {string} id
 * @returns {T}
 */
export function $(id) {
  const element = document.getElementById(id);
  if (!element) throw new Error(`The page has no #${id}.`);
  return /** @type {T} */ (element);
}

/** @param {Stage} stage */
export function showStage(stage) {
  document.documentElement.dataset.stage = stage;
  const call = stage === "call";
  $("start").hidden = call || stage === "connecting";
  $("conversation").hidden = $("latency").hidden = !call && stage !== "ended";
  $("controls").hidden = !call;
  $("talk").textContent = stage === "ended" ? "Start a new call" : "Start talking";
}

/**
 * @param {import("./problems.js").CallProblem} problem
 * @param {{retry: () => void, type: () => void}} actions
 */
export function showProblem(problem, actions) {
  const { title, text, retry, type } = explain(problem);
  $("problem-title").textContent = title;
  $("problem-text").textContent = text;
  const buttons = [];
  if (retry) buttons.push(button(retry, "primary", actions.retry));
  if (type) buttons.push(button("Type instead", "", actions.type));
  $("problem-actions").replaceChildren(...buttons);
  $("problem").hidden = false;
  $("about-microphone").hidden = true;
  $("talk").hidden = buttons.length > 0 || problem.kind === "insecure" || problem.kind === "unsupported";
  buttons[0]?.focus();
}

export function hideProblem() {
  $("problem").hidden = true;
  $("about-microphone").hidden = false;
  $("talk").hidden = false;
}

/**
 * A line above the transcript that stays until it is no longer true.
 * @param {string} text "" takes it away
 * @param {{label: string, run: () => void}} [action]
 */
export function showBanner(text, action) {
  const act = /** @type {HTMLButtonElement} */ ($("banner-action"));
  if ($("banner-text").textContent !== text && text) announce(text);
  $("banner-text").textContent = text;
  $("banner").hidden = !text;
  act.hidden = !action;
  act.textContent = action?.label ?? "";
  act.onclick = action?.run ?? null;
}

/**
 * Say something to screen readers, when they are done with what they say.
 * @param {string} text
 */
export function announce(text) {
  const line = document.createElement("span");
  line.textContent = text;
  $("announcements").append(line, " ");
  setTimeout(() => line.remove(), 10_000);
}

/**
 * @param {string} label
 * @param {string} className
 * @param {() => void} run
 */
function button(label, className, run) {
  const element = document.createElement("button");
  element.type = "button";
  element.className = className;
  element.textContent = label;
  element.onclick = run;
  return element;
}
