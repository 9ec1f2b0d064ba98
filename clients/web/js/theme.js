// Light or dark: the system's choice until the button is pressed.

import { $ } from "./page.js";
import { savePreferences } from "./preferences.js";

/** @param {ReturnType<typeof import("./preferences.js").loadPreferences>} preferences */
export function wireTheme(preferences) {
  const system = matchMedia("(prefers-color-scheme: dark)");
  const button = $("theme");
  const draw = () => {
    const dark = preferences.theme ? preferences.theme === "dark" : system.matches;
    document.documentElement.dataset.theme = dark ? "dark" : "light";
    button.setAttribute("aria-pressed", String(dark));
  };
  button.onclick = () => {
    preferences.theme = document.documentElement.dataset.theme === "dark" ? "light" : "dark";
    savePreferences(preferences);
    draw();
  };
  system.onchange = draw;
  draw();
}
