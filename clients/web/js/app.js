// One person at this page: starts and ends calls, and passes what happens in them to the parts that show it.

import { Call } from "./call.js";
import { Capture } from "./devices.js";
import { askForKey } from "./key_dialog.js";
import { Key } from "./key.js";
import { Latency } from "./latency.js";
import { $, announce, hideProblem, showBanner, showProblem, showStage } from "./page.js";
import { Playback } from "./playback.js";
import { Presence } from "./presence.js";
import { CallProblem, explain } from "./problems.js";
import { listDevices, wireSettings } from "./settings_dialog.js";
import { Transcript } from "./transcript.js";
import { TranscriptView } from "./transcript_view.js";
import { Vitals } from "./vitals.js";
import { Voices } from "./voices.js";
import { VoicesView } from "./voices_view.js";
import { drawLatency } from "./waterfall.js";
import { newId, replay, typedTurn } from "./wire.js";

/** @typedef {import("./wire.js").WireEvent} WireEvent */

/** How often turns that were none are looked for, and the clock is set. */
const SECOND_MS = 1000;

export class App {
  #key = new Key();
  #presence = new Presence($("presence"), $("mood"));
  #vitals = new Vitals((vitals) => this.#presence.level(vitals));
  #playback = new Playback(/** @type {HTMLAudioElement} */ ($("agent-sound")), (event) => this.#call?.send(event), this.#vitals);
  #view;
  #transcript = new Transcript();
  #latency = new Latency();
  #voices;
  #voicesView;
  /** @type {Map<string, number>} */
  #marks = new Map();
  /** @type {Call | null} */
  #call = null;
  #microphone;
  #camera;
  #sees = false;
  #muted = false;
  #drawing = 0;
  #clock = 0;
  /** @type {WakeLockSentinel | null} */
  #awake = null;

  /** @param {ReturnType<typeof import("./preferences.js").loadPreferences>} preferences */
  constructor(preferences) {
    this.preferences = preferences;
    this.#view = new TranscriptView($("transcript"), $("entries"), (text) => preferences.announce && announce(text));
    this.#microphone = new Capture("microphone", preferences.microphone);
    this.#camera = new Capture("camera", preferences.camera);
    this.#microphone.onGone = () => this.#reopenMicrophone();
    this.#camera.onGone = () => this.#showCamera(false);
    this.#playback.volume = preferences.volume / 100;
    this.#voices = new Voices(preferences, (event) => this.#call?.send(event));
    this.#voicesView = new VoicesView(this.#voices, preferences);
    this.#wireControls();
  }

  /** What measurements and tests may look at. */
  get window() {
    const state = () => this.#call?.state ?? "idle";
    const transcript = () => this.#transcript.entries;
    return Object.freeze({
      get state() {
        return state();
      },
      get transcript() {
        return transcript();
      },
      marks: this.#marks,
    });
  }

  #wireControls() {
    $("talk").onclick = () => this.#start();
    $("end").onclick = () => this.#end();
    $("mute").onclick = () => this.#mute(!this.#muted);
    $("camera").onclick = () => this.#showCamera(!this.#camera.track);
    $("typed").onsubmit = (event) => {
      event.preventDefault();
      this.#type();
    };
    document.addEventListener("keydown", (event) => this.#keyed(event));
    addEventListener("pagehide", () => this.#call?.end());
    document.addEventListener("visibilitychange", () => this.#stayAwake());
    navigator.mediaDevices.ondevicechange = () => this.#devicesChanged();
    wireSettings(this.preferences, (changed) => this.#preferred(changed));
    $("open-settings").addEventListener("click", () => {
      this.#voicesView.hears = !this.#muted && this.#microphone.track !== null;
      this.#voicesView.draw();
    });
  }

  // --- the call ---------------------------------------------------------------------------

  /** @param {{typing?: boolean}} [how] typing: without a microphone */
  async #start({ typing = false } = {}) {
    hideProblem();
    showStage("connecting");
    this.#presence.enter(typing ? "connecting" : "asking");
    this.#reset();
    const call = new Call({
      key: this.#key,
      ducks: Playback.ducks,
      opening: () => [...this.#voices.opening(), ...replay(this.#transcript.history())],
      onEvent: (event) => this.#received(event),
      onPeer: (peer) => this.#joined(peer),
      onState: (state, problem) => this.#entered(state, problem),
    });
    this.#call = call;
    try {
      const microphone = typing ? null : await this.#microphone.open();
      this.#presence.enter("connecting");
      await call.start(microphone);
    } catch (error) {
      this.#call = null;
      this.#failed(error instanceof CallProblem ? error : new CallProblem("refused", String(error)));
    }
  }

  /** @param {CallProblem} problem */
  async #failed(problem) {
    this.#release();
    showStage("start");
    if (problem.kind === "key" && (await askForKey(this.#key))) return this.#start();
    showProblem(problem, { retry: () => this.#start(), type: () => this.#start({ typing: true }) });
  }

  #reset() {
    this.#transcript = new Transcript();
    this.#latency = new Latency();
    this.#marks.clear();
    this.#drawLatency();
    this.#draw();
    this.#mute(false);
    showBanner("");
    const began = Date.now();
    clearInterval(this.#clock);
    this.#clock = setInterval(() => {
      const seconds = Math.floor((Date.now() - began) / 1000);
      $("clock").textContent = `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
      this.#transcript.prune(performance.now());
      this.#draw();
    }, SECOND_MS);
  }

  /** @param {import("./peer.js").Peer} peer */
  #joined(peer) {
    this.#vitals.watch(peer);
    this.#playback.useSpeaker(this.preferences.speaker).catch(() => {});
    this.#playback.attach(peer.audio.receiver).catch(() => {
      const run = () => this.#playback.attach(peer.audio.receiver).then(() => showBanner(""));
      showBanner("The browser holds back the sound.", { label: "Play it", run });
    });
  }

  /**
   * @param {import("./call.js").CallState} state
   * @param {CallProblem | null} problem
   */
  #entered(state, problem) {
    if (state === "connected") {
      if ($("start").hidden && $("controls").hidden) {
        showStage("call");
        $("mute").focus();
        this.#stayAwake();
      }
      this.#presence.enter("listening");
      showBanner(this.#microphone.track ? "" : "There is no microphone: type, and listen.");
    } else if (state === "lost") {
      this.#transcript.broken(performance.now());
      this.#playback.detach();
      this.#vitals.stop();
      this.#voices.lost();
      this.#voicesView.draw();
      this.#presence.enter("lost");
      const why = problem ? `${explain(problem).title}. Trying again…` : "The connection is lost. Reconnecting…";
      showBanner(why, { label: "Try now", run: () => this.#call?.retry() });
      this.#draw();
    } else if (state === "ended") {
      this.#over(problem);
    }
  }

  #end() {
    this.#call?.end();
  }

  /** @param {CallProblem | null} problem */
  #over(problem) {
    if (!this.#call) return;
    this.#call = null;
    this.#transcript.broken(performance.now());
    this.#draw();
    this.#release();
    if (document.documentElement.dataset.stage !== "call") return;
    showBanner("");
    showStage("ended");
    announce("The call has ended.");
    if (problem) showProblem(problem, { retry: () => this.#start(), type: () => {} });
    else $("talk").focus();
  }

  /** Nothing listens, looks or plays any more. */
  #release() {
    clearInterval(this.#clock);
    this.#microphone.close();
    this.#camera.close();
    this.#drawSelf();
    this.#playback.detach();
    this.#vitals.stop();
    this.#presence.enter("idle");
    this.#awake?.release();
    this.#awake = null;
  }

  /** @param {WireEvent} event */
  #received(event) {
    const now = performance.now();
    // First what must be fast: a cut is silent before anything is drawn.
    this.#playback.apply(event);
    this.#marks.set(event.type, now);
    this.#transcript.apply(event, now);
    if (event.type === "duplex.hello") this.#greeted(event);
    else if (event.type === "duplex.state") this.#presence.apply(event);
    else if (event.type === "duplex.speaker") this.#presence.heard(event);
    else if (event.type.startsWith("duplex.speaker.") || event.type === "error") this.#toldOfVoices(event, now);
    else if (event.type === "duplex.latency") {
      this.#latency.add(event);
      this.#drawLatency();
    }
    this.#draw();
  }

  /**
   * @param {WireEvent} event
   * @param {number} now
   */
  #toldOfVoices(event, now) {
    const news = this.#voices.apply(event);
    this.#voicesView.draw();
    if (news) {
      this.#transcript.note("speaker", news, now);
      this.#voicesView.say(news);
    } else if (event.type === "error") this.#transcript.note("notice", event.error.message, now);
  }

  /** @param {WireEvent} event `duplex.hello` */
  #greeted({ model, sees }) {
    this.#sees = sees;
    $("model").textContent = model;
    $("camera").hidden = $("camera-field").hidden = !sees;
    $("no-camera").hidden = sees;
    $("no-camera").textContent = sees ? "" : `No camera here: ${model} has no eyes.`;
  }

  #drawLatency() {
    drawLatency($("latency-body"), $("latency-digest"), this.#latency);
  }

  /** At most once a frame. */
  #draw() {
    if (this.#drawing) return;
    this.#drawing = requestAnimationFrame(() => {
      this.#drawing = 0;
      this.#view.draw(this.#transcript.entries);
    });
  }

  async #stayAwake() {
    if (!("wakeLock" in navigator) || document.hidden || !this.#call) return;
    this.#awake = await navigator.wakeLock.request("screen").catch(() => null);
  }

  // --- controls ---------------------------------------------------------------------------

  /** @param {KeyboardEvent} event */
  #keyed(event) {
    const target = /** @type {HTMLElement} */ (event.target);
    const typing = target.matches("input, select, textarea") || document.querySelector("dialog[open]");
    const plain = !event.ctrlKey && !event.altKey && !event.metaKey && !event.repeat;
    if (event.key.toLowerCase() !== "m" || typing || !plain || !this.preferences.shortcut || !this.#call) return;
    this.#mute(!this.#muted);
    announce(this.#muted ? "Muted" : "Not muted");
  }

  /** @param {boolean} muted */
  #mute(muted) {
    this.#muted = this.#presence.muted = muted;
    if (this.#microphone.track) this.#microphone.track.enabled = !muted;
    $("mute").setAttribute("aria-pressed", String(muted));
    $("mute-icon").setAttribute("href", muted ? "#i-muted" : "#i-microphone");
    this.#presence.draw();
  }

  #type() {
    const input = /** @type {HTMLInputElement} */ ($("text"));
    const text = input.value.trim();
    if (!text) return;
    const id = newId();
    const sent = typedTurn(id, text).every((event) => this.#call?.send(event));
    if (!sent) return announce("Not sent: the connection is lost.");
    this.#transcript.typed(id, text, performance.now());
    input.value = "";
    this.#draw();
  }

  /** @param {boolean} on */
  async #showCamera(on) {
    if (!on) this.#camera.close();
    else {
      try {
        await this.#camera.open();
      } catch (error) {
        const { title, text } = explain(/** @type {CallProblem} */ (error));
        this.#transcript.note("notice", `${title}: ${text}`, performance.now());
      }
    }
    await this.#call?.useCamera(this.#camera.track);
    this.#drawSelf();
    this.#draw();
  }

  #drawSelf() {
    const { track } = this.#camera;
    const view = /** @type {HTMLVideoElement} */ ($("self"));
    view.srcObject = track && new MediaStream([track]);
    view.hidden = !track;
    $("camera").setAttribute("aria-pressed", String(track !== null));
  }

  // --- devices ----------------------------------------------------------------------------

  /** @param {string} changed name of a preference */
  async #preferred(changed) {
    const { preferences } = this;
    if (changed === "volume") this.#playback.volume = preferences.volume / 100;
    if (changed === "speaker") await this.#playback.useSpeaker(preferences.speaker).catch(() => {});
    if (changed === "camera") {
      this.#camera.deviceId = preferences.camera;
      if (this.#camera.track) await this.#showCamera(true);
    }
    if (changed === "microphone") {
      this.#microphone.deviceId = preferences.microphone;
      await this.#reopenMicrophone();
    }
  }

  /** The microphone was unplugged, plugged in, or chosen anew. */
  async #reopenMicrophone() {
    if (!this.#call) return;
    try {
      const track = await this.#microphone.open();
      track.enabled = !this.#muted;
      await this.#call.useMicrophone(track);
      this.#transcript.note("notice", `Listening through ${track.label || "the microphone"}`, performance.now());
      showBanner("");
    } catch (error) {
      await this.#call?.useMicrophone(null);
      showBanner(`${explain(/** @type {CallProblem} */ (error)).title}. You can type.`, {
        label: "Try again",
        run: () => this.#reopenMicrophone(),
      });
    }
    this.#draw();
  }

  async #devicesChanged() {
    const devices = await listDevices(this.preferences);
    const speaker = devices.some((device) => device.deviceId === this.preferences.speaker) ? this.preferences.speaker : "";
    await this.#playback.useSpeaker(speaker).catch(() => {});
    const microphone = devices.some((device) => device.kind === "audioinput");
    if (this.#call?.state === "connected" && !this.#microphone.track && microphone) await this.#reopenMicrophone();
  }
}
