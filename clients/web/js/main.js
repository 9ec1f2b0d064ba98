// The page, put together.

import { App } from "./app.js";
import { $, showProblem, showStage } from "./page.js";
import { loadPreferences } from "./preferences.js";
import { obstacle } from "./problems.js";
import { wireTheme } from "./theme.js";

const preferences = loadPreferences();
wireTheme(preferences);
showStage("start");
$("about-microphone").textContent = `Your browser will ask for the microphone. Sound goes to ${location.host} and nowhere else.`;
matchMedia("(min-width: 60rem)").onchange = ({ matches }) => (/** @type {HTMLDetailsElement} */ ($("latency")).open = matches);
/** @type {HTMLDetailsElement} */ ($("latency")).open = matchMedia("(min-width: 60rem)").matches;

const problem = obstacle();
if (problem) showProblem(problem, { retry: () => {}, type: () => {} });
else {
  const app = new App(preferences);
  // For measurements and tests: what the call is doing, the transcript, and when (performance.now(), ms) each type of
  // event last came.
  Object.defineProperty(window, "colloquy", { value: app.window });
}
