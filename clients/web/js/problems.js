// Everything that can go wrong with a call, in people's words.

/**
 * @typedef {'insecure' | 'unsupported' | 'mic-refused' | 'mic-missing' | 'mic-busy' | 'camera' | 'full' | 'key'
 *   | 'refused' | 'unreachable' | 'no-path'} Kind
 */

/** A call, or a device of it, that did not come about. `detail` is what the server or the browser said. */
export class CallProblem extends Error {
  /**
   * @param {Kind} kind
   * @param {string} [detail]
   */
  constructor(kind, detail = "") {
    super(detail || kind);
    this.kind = kind;
    this.detail = detail;
  }
}

/**
 * What a page can know before it tries.
 * @returns {CallProblem | null}
 */
export function obstacle() {
  if (!window.isSecureContext) return new CallProblem("insecure");
  if (!("RTCPeerConnection" in window) || !navigator.mediaDevices) return new CallProblem("unsupported");
  return null;
}

/**
 * Why the microphone or camera could not be had.
 * @param {unknown} error what getUserMedia threw
 * @returns {CallProblem}
 */
export function deviceProblem(error) {
  const { name, message } = /** @type {DOMException} */ (error);
  if (name === "NotAllowedError" || name === "SecurityError") return new CallProblem("mic-refused", message);
  if (name === "NotFoundError" || name === "OverconstrainedError") return new CallProblem("mic-missing", message);
  return new CallProblem("mic-busy", message);
}

/**
 * Why the server would not take the call.
 * @param {Response} response
 * @returns {Promise<CallProblem>}
 */
export async function refusal(response) {
  const body = await response.text();
  let said = "";
  try {
    said = JSON.parse(body).error?.message ?? "";
  } catch {
    said = body.length < 200 ? body : "";
  }
  if (response.status === 401) return new CallProblem("key", said);
  if (response.status === 503 || response.status === 429) return new CallProblem("full", said);
  if (response.status >= 502) return new CallProblem("unreachable", said);
  return new CallProblem("refused", said || `The server answered ${response.status}.`);
}

/**
 * @param {CallProblem} problem
 * @returns {{title: string, text: string, retry: string | null, type: boolean}} `retry` names the button that tries
 *   again, `type` says whether talking without a microphone is an answer to it
 */
export function explain({ kind, detail }) {
  const port = location.port || "80";
  switch (kind) {
    case "insecure":
      return {
        title: "The microphone needs a secure address",
        text:
          `Browsers give the microphone only to https pages and to the machine itself. On the machine that runs ` +
          `Colloquy, open http://127.0.0.1:${port}. From another one, put https in front of the server, or run ` +
          `“ssh -L ${port}:127.0.0.1:${port} ${location.hostname}” here and open http://127.0.0.1:${port}.`,
        retry: null,
        type: false,
      };
    case "unsupported":
      return {
        title: "This browser cannot make calls",
        text: "It has no WebRTC. A current Chrome, Edge, Firefox or Safari has.",
        retry: null,
        type: false,
      };
    case "mic-refused":
      return {
        title: "The microphone is blocked",
        text:
          "Allow it with the icon beside the address, or, if nothing is blocked there, in the system’s privacy " +
          "settings. Then try again.",
        retry: "Try again",
        type: true,
      };
    case "mic-missing":
      return {
        title: "No microphone was found",
        text: "Plug one in and try again, or type and listen.",
        retry: "Try again",
        type: true,
      };
    case "mic-busy":
      return {
        title: "The microphone is in use",
        text: "Another program holds it. Close that program, or its call, and try again.",
        retry: "Try again",
        type: true,
      };
    case "camera":
      return { title: "The camera cannot be used", text: detail, retry: null, type: false };
    case "full":
      return {
        title: "All places are taken",
        text: detail || "This server is talking to as many people as it can. Try again in a moment.",
        retry: "Try again",
        type: false,
      };
    case "key":
      return { title: "This server asks for a key", text: detail, retry: "Enter the key", type: false };
    case "refused":
      return { title: "The server refused the call", text: detail, retry: "Try again", type: false };
    case "unreachable":
      return {
        title: "The server does not answer",
        text: `Is Colloquy still running at ${location.host}? Start it with “make serve”, then try again.`,
        retry: "Try again",
        type: false,
      };
    case "no-path":
      return {
        title: "The server answers, but no sound gets through",
        text: "Something between this browser and the server holds back UDP: a firewall, a VPN, or a container without its ports.",
        retry: "Try again",
        type: false,
      };
  }
}
