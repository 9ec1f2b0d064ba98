// Asks for the server's API key.

import { $ } from "./page.js";
import { CallProblem } from "./problems.js";

/**
 * @param {import("./key.js").Key} key
 * @returns {Promise<boolean>} whether the server took one
 */
export function askForKey(key) {
  const dialog = /** @type {HTMLDialogElement} */ ($("key"));
  const form = /** @type {HTMLFormElement} */ ($("key-form"));
  const input = /** @type {HTMLInputElement} */ ($("key-input"));
  const wrong = $("key-wrong");
  input.value = wrong.textContent = "";
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.onclose = () => {
      input.value = "";
      resolve(dialog.returnValue === "taken");
    };
    dialog.returnValue = "";
    $("key-cancel").onclick = () => dialog.close("");
    form.onsubmit = async (event) => {
      event.preventDefault();
      try {
        await key.use(input.value.trim());
        dialog.close("taken");
      } catch (error) {
        const problem = /** @type {CallProblem} */ (error);
        wrong.textContent = problem.kind === "key" ? "The server does not know this key." : "The server did not answer. Is it still running?";
        input.select();
      }
    };
  });
}
