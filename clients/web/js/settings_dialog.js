// The settings: devices, volume, what the keyboard and screen readers do. Every change takes effect at once.

import { offer } from "./devices.js";
import { $ } from "./page.js";
import { Playback } from "./playback.js";
import { savePreferences } from "./preferences.js";

/** @typedef {ReturnType<typeof import("./preferences.js").loadPreferences>} Preferences */

const PICKERS = /** @type {const} */ ({ microphone: "microphones", camera: "cameras", speaker: "speakers" });
const KINDS = /** @type {const} */ ({ microphone: "audioinput", camera: "videoinput", speaker: "audiooutput" });

/**
 * @param {Preferences} preferences changed in place, and saved
 * @param {(changed: keyof Preferences) => void} onChange
 */
export function wireSettings(preferences, onChange) {
  const dialog = /** @type {HTMLDialogElement} */ ($("settings"));
  /** @param {keyof Preferences} name */
  const changed = (name) => {
    savePreferences(preferences);
    onChange(name);
  };
  for (const name of /** @type {const} */ (["microphone", "camera", "speaker"])) {
    const picker = /** @type {HTMLSelectElement} */ ($(PICKERS[name]));
    picker.onchange = () => {
      preferences[name] = picker.value;
      changed(name);
    };
  }
  const volume = /** @type {HTMLInputElement} */ ($("volume"));
  volume.value = String(preferences.volume);
  volume.oninput = () => {
    preferences.volume = Number(volume.value);
    changed("volume");
  };
  for (const name of /** @type {const} */ (["shortcut", "announce"])) {
    const box = /** @type {HTMLInputElement} */ ($(name));
    box.checked = preferences[name];
    box.onchange = () => {
      preferences[name] = box.checked;
      changed(name);
    };
  }
  $("speaker-field").hidden = !Playback.choosesSpeaker;
  $("open-settings").onclick = async () => {
    await listDevices(preferences);
    dialog.showModal();
  };
}

/**
 * Bring the pickers up to date.
 * @param {Preferences} preferences
 * @returns {Promise<MediaDeviceInfo[]>}
 */
export async function listDevices(preferences) {
  const devices = await navigator.mediaDevices.enumerateDevices();
  for (const name of /** @type {const} */ (["microphone", "camera", "speaker"])) {
    const picker = /** @type {HTMLSelectElement} */ ($(PICKERS[name]));
    offer(picker, devices.filter((device) => device.kind === KINDS[name]), preferences[name]);
  }
  return devices;
}
