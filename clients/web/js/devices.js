// Microphones, cameras and loudspeakers: which there are, which is used, and what happens when one is unplugged.

import { CallProblem, deviceProblem } from "./problems.js";

/** @type {MediaTrackConstraints} */
const VOICE = { echoCancellation: true, noiseSuppression: true, autoGainControl: true, channelCount: 1 };
/** @type {MediaTrackConstraints} */
const VIEW = { width: { ideal: 640 }, height: { ideal: 480 }, frameRate: { ideal: 10, max: 15 } };

/** @typedef {'microphone' | 'camera'} Source */

/** One device that is captured from: chosen, opened, and opened anew when it is gone. */
export class Capture {
  /** @type {MediaStreamTrack | null} */
  track = null;
  /** Called when the device went away by itself. */
  onGone = () => {};

  /**
   * @param {Source} source
   * @param {string} deviceId "" is the browser's choice
   */
  constructor(source, deviceId) {
    this.source = source;
    this.deviceId = deviceId;
  }

  /**
   * Open the chosen device, or, if that is not there, whichever the browser picks.
   * @returns {Promise<MediaStreamTrack>}
   * @throws {CallProblem}
   */
  async open() {
    this.close();
    try {
      this.track = await this.#capture(this.deviceId);
    } catch (error) {
      const elsewhere = this.deviceId && ["OverconstrainedError", "NotFoundError"].includes(/** @type {Error} */ (error).name);
      if (!elsewhere) throw this.#problem(error);
      try {
        this.track = await this.#capture("");
      } catch (again) {
        throw this.#problem(again);
      }
    }
    this.track.onended = () => {
      this.track = null;
      this.onGone();
    };
    return this.track;
  }

  /**
   * @param {string} deviceId
   * @returns {Promise<MediaStreamTrack>}
   */
  async #capture(deviceId) {
    const device = deviceId ? { deviceId: { exact: deviceId } } : {};
    const voice = this.source === "microphone";
    const stream = await navigator.mediaDevices.getUserMedia(voice ? { audio: { ...VOICE, ...device } } : { video: { ...VIEW, ...device } });
    return stream.getTracks()[0];
  }

  /** @param {unknown} error */
  #problem(error) {
    const problem = deviceProblem(error);
    if (this.source === "microphone") return problem;
    const why = {
      "mic-refused": "It is blocked. Allow it with the icon beside the address.",
      "mic-missing": "None was found.",
      "mic-busy": "Another program holds it.",
    };
    return new CallProblem("camera", why[/** @type {keyof typeof why} */ (problem.kind)]);
  }

  close() {
    if (this.track) this.track.onended = null;
    this.track?.stop();
    this.track = null;
  }
}

/**
 * Fill a picker with the devices that there are now.
 * @param {HTMLSelectElement} picker
 * @param {MediaDeviceInfo[]} devices of one kind
 * @param {string} chosen
 */
export function offer(picker, devices, chosen) {
  const options = [new Option("System default", "")];
  for (const device of devices) {
    // Chromium lists the default a second time under its role; before permission is given, ids are empty.
    if (["", "default", "communications"].includes(device.deviceId)) continue;
    options.push(new Option(device.label || "Unnamed device", device.deviceId));
  }
  picker.replaceChildren(...options);
  picker.value = chosen;
  if (picker.selectedIndex < 0) picker.value = "";
}
