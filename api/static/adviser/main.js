/** The adviser console: signing in, the three columns, and keeping them up to date. */

import { h, icon } from "../dom.js";
import { Alerts } from "./alerts.js";
import { call, follow, session, signIn, signOut, whenExpired } from "./api.js";
import { Details } from "./details.js";
import { arrowKeys, drawQueue, nameOf } from "./queue.js";
import { TalkPane } from "./talk.js";
import { texts } from "./texts.js";

const app = document.querySelector("#app");

/** Sign-in form; `note` says why it is shown again. */
function showSignIn(note = "") {
  const problem = h("p", { class: "problem", role: "alert" }, note);
  const username = h("input", { id: "username", name: "username", autocomplete: "username", required: true, autocapitalize: "none", spellcheck: "false" });
  const password = h("input", { id: "password", name: "password", type: "password", autocomplete: "current-password", required: true });
  const button = h("button", { type: "submit", class: "act main" }, texts.signIn);
  const form = h("form", { class: "sign-in", on: { submit: async (event) => {
    event.preventDefault();
    if (button.getAttribute("aria-disabled") === "true") return;
    button.setAttribute("aria-disabled", "true");
    button.textContent = texts.signingIn;
    problem.textContent = "";
    try {
      showConsole(await signIn(username.value.trim(), password.value));
    } catch (error) {
      problem.textContent = error.title ?? texts.failed;
      button.removeAttribute("aria-disabled");
      button.textContent = texts.signIn;
      password.focus();
    }
  } } },
  h("span", { class: "mark" }, icon("signpost")),
  h("h1", {}, texts.signInHeading), problem,
  h("label", { for: "username" }, texts.username), username,
  h("label", { for: "password" }, texts.password), password, button);
  app.replaceChildren(h("main", { class: "sign-in-page" }, form));
  username.focus();
}

/** The console itself, for a signed-in adviser. */
function showConsole(who) {
  const state = { view: "open", items: [], selected: null, fetchedAt: Date.now(), known: null };
  let stopped = false;
  let stop = () => {};
  let ticking = 0;

  const live = h("p", { class: "sr", role: "status" });
  const alerts = new Alerts(live);
  const trouble = h("p", { class: "trouble", role: "status", hidden: true }, texts.offline);
  const list = h("ul", { class: "requests", "aria-label": texts.listLabel, on: { keydown: arrowKeys } });
  const middle = h("section", { class: "talk", "aria-label": texts.talkLabel, id: "talk" });
  const right = h("aside", { class: "details", "aria-label": texts.infoLabel });
  const columns = h("main", { class: "columns" });
  const details = new Details(right);
  const pane = new TalkPane(middle, { onChanged: () => refresh(), onBack: () => select(null) });

  const viewButtons = Object.entries(texts.views).map(([view, label]) =>
    h("button", { class: "view-button", "data-view": view, on: { click: () => setView(view) } }, label));

  const end = (note) => {
    if (stopped) return;
    stopped = true;
    stop();
    clearInterval(ticking);
    document.querySelector("dialog.ask")?.remove();
    showSignIn(note);
  };
  whenExpired(() => end(texts.expired));

  function draw() {
    for (const button of viewButtons) button.setAttribute("aria-pressed", String(button.dataset.view === state.view));
    drawQueue(list, { items: state.items, view: state.view, selected: state.selected,
      elapsed: (Date.now() - state.fetchedAt) / 1000, onSelect: (id) => select(id, true) });
    columns.classList.toggle("has-talk", Boolean(state.selected));
  }

  async function loadList() {
    const { view } = state;
    const { items } = await call("GET", `handoffs?view=${view}`);
    if (stopped || view !== state.view) return;
    if (view === "open") announceNew(items);
    Object.assign(state, { items, fetchedAt: Date.now() });
    draw();
  }

  function announceNew(items) {
    const now = new Map(items.map((item) => [item.id, item]));
    if (state.known) {
      for (const item of items) {
        const before = state.known.get(item.id);
        if (item.status === "queued" && !before) alerts.tell((item.urgent ? texts.newUrgent : texts.newRequest)(nameOf(item)));
        else if (item.accepted_by_me && before && item.unread > before.unread) alerts.tell(texts.newMessage(nameOf(item)));
      }
    }
    state.known = now;
  }

  let shownSeq = null;
  async function loadTalk() {
    const id = state.selected;
    if (!id) return;
    const item = await call("GET", `handoffs/${encodeURIComponent(id)}`);
    if (stopped || id !== state.selected) return;
    const last = item.messages?.at(-1);
    const key = `${id}/${last?.seq}`;
    if (shownSeq?.startsWith(`${id}/`) && shownSeq !== key && last?.sender === "resident") {
      alerts.tell(`${texts.newMessage(nameOf(item))}. ${last.text}`);
    }
    shownSeq = key;
    pane.show(item);
    details.show(item);
  }

  const refresh = async () => {
    await Promise.all([loadList(), loadTalk().catch((error) => {
      if (error.status !== 404) throw error;
      select(null);
    })]);
  };

  async function select(id, moveFocus = false) {
    const before = state.selected;
    state.selected = id;
    history.replaceState(null, "", id ? `#${encodeURIComponent(id)}` : location.pathname);
    draw();
    if (!id) {
      pane.show(null);
      details.show(null);
      if (before) list.querySelector(`[data-id="${CSS.escape(before)}"]`)?.focus();
      return;
    }
    try {
      await loadTalk();
      if (moveFocus) pane.focus();
    } catch (error) {
      if (error.status === 404) select(null);
    }
  }

  async function setView(view) {
    state.view = view;
    state.items = [];
    draw();
    await loadList().catch(() => {});
  }

  const sound = h("input", { type: "checkbox", id: "sound", on: { change: () => (alerts.sound = sound.checked) } });
  sound.checked = alerts.sound;
  columns.append(h("section", { class: "queue", "aria-label": texts.listLabel },
    h("div", { class: "views", role: "group", "aria-label": texts.viewsLabel }, ...viewButtons), list), middle, right);
  app.replaceChildren(
    h("a", { class: "skip", href: "#talk" }, texts.skip),
    h("header", { class: "bar" },
      h("span", { class: "mark" }, icon("signpost")), h("h1", {}, texts.title),
      h("label", { class: "sound", for: "sound" }, sound, texts.sound),
      h("span", { class: "who" }, who.display_name),
      h("button", { class: "bar-button", on: { click: () => signOut().catch(() => {}).then(() => end("")) } }, texts.signOut)),
    trouble, columns, live);
  pane.show(null);
  draw();

  const wanted = decodeURIComponent(location.hash.slice(1));
  if (wanted) select(wanted);
  let soon = 0;
  stop = follow({
    onPoll: refresh,
    onTrouble: (is) => (trouble.hidden = !is),
    onEvent: (name, data) => {
      if (name === "typing") return pane.showTyping(data.handoff_id);
      // Events come in bursts; one look at the whole is enough for each.
      clearTimeout(soon);
      soon = setTimeout(() => refresh().catch(() => {}), 60);
    },
  });
  refresh().catch(() => (trouble.hidden = false));
  ticking = setInterval(draw, 15000);
}

try {
  showConsole(await session());
} catch (error) {
  showSignIn(error.status === 401 ? "" : error.title ?? texts.failed);
}
