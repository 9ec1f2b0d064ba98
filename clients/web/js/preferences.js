// What this browser remembers between calls: devices, volume, colours. Never words, never keys; voices (voices.js) only
// if it is told to.

const STORED = "colloquy.preferences";

const DEFAULTS = {
  microphone: "",
  camera: "",
  speaker: "",
  volume: 100,
  shortcut: true,
  announce: true,
  anybody: false,
  remember: false,
  theme: /** @type {'' | 'light' | 'dark'} */ (""),
};

/** @returns {typeof DEFAULTS} */
export function loadPreferences() {
  try {
    return { ...DEFAULTS, ...JSON.parse(localStorage.getItem(STORED) ?? "{}") };
  } catch {
    return { ...DEFAULTS };
  }
}

/** @param {typeof DEFAULTS} preferences */
export function savePreferences(preferences) {
  localStorage.setItem(STORED, JSON.stringify(preferences));
}
