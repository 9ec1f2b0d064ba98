// The key of a server that asks for one. What is stored is the short-lived key alone, and only in this tab.

import { CallProblem, refusal } from "./problems.js";

const STORED = "colloquy.ek";
const SPARE_S = 5;

/** Trades an API key for `ek_` keys. The API key itself stays in memory, so that a lost call can come back. */
export class Key {
  #apiKey = "";

  /**
   * The header to send, if a key is known; a new `ek_` key is fetched when the last one has run out.
   * @returns {Promise<Record<string, string>>}
   */
  async header() {
    const stored = JSON.parse(sessionStorage.getItem(STORED) ?? "null");
    if (stored && stored.expires_at - SPARE_S > Date.now() / 1000) return bearer(stored.value);
    return this.#apiKey ? bearer(await this.use(this.#apiKey)) : {};
  }

  /**
   * @param {string} apiKey
   * @returns {Promise<string>} the `ek_` key
   * @throws {CallProblem} kind "key" if it is the wrong one
   */
  async use(apiKey) {
    let response;
    try {
      response = await fetch("v1/realtime/client_secrets", {
        method: "POST",
        headers: { ...bearer(apiKey), "Content-Type": "application/json" },
        body: "{}",
      });
    } catch {
      throw new CallProblem("unreachable");
    }
    if (!response.ok) throw await refusal(response);
    const { value, expires_at } = await response.json();
    this.#apiKey = apiKey;
    sessionStorage.setItem(STORED, JSON.stringify({ value, expires_at }));
    return value;
  }

  /** The server did not take the `ek_` key: it has run out, or the server was started anew. */
  forget() {
    sessionStorage.removeItem(STORED);
  }

  /** Whether a new `ek_` key can be had without asking. */
  get held() {
    return this.#apiKey !== "";
  }
}

/**
 * @param {string} key
 * @returns {Record<string, string>}
 */
function bearer(key) {
  return { Authorization: `Bearer ${key}` };
}
