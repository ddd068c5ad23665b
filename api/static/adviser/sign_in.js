/** Signing in and out, what the session may, and telling the server that somebody is at the screen. */

import { h, icon } from "../dom.js";
import { call, signIn, signOut } from "./api.js";
import { texts } from "./texts.js";

const PRESENCE_MS = 60000;

/** Show the sign-in form in `app`; `note` says why it is shown again. `onSignedIn(who)` goes on. */
export async function showSignIn(app, note, onSignedIn) {
  const problem = h("p", { class: "problem", role: "alert" }, note);
  const form = h("form", { class: "sign-in", "aria-labelledby": "sign-in-heading" },
    h("span", { class: "mark" }, icon("signpost")), h("h1", { id: "sign-in-heading" }, texts.signInHeading), problem);
  app.replaceChildren(h("main", { class: "sign-in-page" }, form));
  // An api that does not tell knows passwords alone.
  const ways = await call("GET", "sign-in").catch(() => ({ password: true, directory: null }));
  if (!form.isConnected) return;
  if (ways.directory) {
    form.append(h("a", { class: "act main", href: ways.directory.href }, ways.directory.label));
    if (ways.password) form.append(h("p", { class: "or" }, texts.signInOr));
  }
  if (ways.password) passwordFields(form, problem, onSignedIn);
  (form.querySelector("input") ?? form.querySelector("a"))?.focus();
}

function passwordFields(form, problem, onSignedIn) {
  const username = h("input", { id: "username", name: "username", autocomplete: "username", required: true, autocapitalize: "none", spellcheck: "false" });
  const password = h("input", { id: "password", name: "password", type: "password", autocomplete: "current-password", required: true });
  const button = h("button", { type: "submit", class: "act main" }, texts.signIn);
  form.append(h("label", { for: "username" }, texts.username), username,
    h("label", { for: "password" }, texts.password), password, button);
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (button.getAttribute("aria-disabled") === "true") return;
    button.setAttribute("aria-disabled", "true");
    button.textContent = texts.signingIn;
    problem.textContent = "";
    try {
      onSignedIn(await signIn(username.value.trim(), password.value));
    } catch (error) {
      problem.textContent = error.title ?? texts.failed;
      button.removeAttribute("aria-disabled");
      button.textContent = texts.signIn;
      password.focus();
    }
  });
}

/** Sign out; with a city's own sign-in, out of that too. `onSignedOut` goes on when there is nowhere to go. */
export async function leave(onSignedOut) {
  const left = await signOut().catch(() => null);
  if (left?.end_session_url) location.assign(left.end_session_url);
  else onSignedOut();
}

/** Whether the session of `who` may do something (`api/advisers/roles.py` names what). */
export const may = (who, permission) => who.permissions?.includes(permission) ?? true;

/** Links to the other pages that the session may see. */
export const otherPages = (who) => [
  may(who, "see_figures") && who.permissions && h("a", { class: "bar-link", href: "/adviser/figures" }, texts.figures),
].filter(Boolean);

/** Tell the server now and then that a person uses the page; refreshing by itself does not keep a session. */
export function watchPresence() {
  let told = Date.now();
  const tell = () => {
    if (Date.now() - told < PRESENCE_MS) return;
    told = Date.now();
    call("POST", "session/presence").catch(() => {});
  };
  const options = { passive: true, capture: true };
  for (const name of ["keydown", "pointerdown", "wheel", "touchmove"]) document.addEventListener(name, tell, options);
  return () => {
    for (const name of ["keydown", "pointerdown", "wheel", "touchmove"]) document.removeEventListener(name, tell, options);
  };
}
