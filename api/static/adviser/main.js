/** The adviser console: signing in, the three columns, and keeping them up to date. */

import { h, icon } from "../dom.js";
import { Alerts } from "./alerts.js";
import { call, follow, session, whenExpired } from "./api.js";
import { Details } from "./details.js";
import { arrowKeys, drawQueue, nameOf } from "./queue.js";
import { leave, may, otherPages, showSignIn, watchPresence } from "./sign_in.js";
import { TalkPane } from "./talk.js";
import { texts } from "./texts.js";
import { forgetUnsent } from "./unsent.js";

/** Without an event stream nobody asks for a sign of life, so it is given this often. */
const BEAT_MS = 15000;

const app = document.querySelector("#app");
const alerts = new Alerts();

/** Who may not see talks has pages of their own. */
const enter = (who) => (may(who, "see_talks") ? showConsole(who) : location.replace("/adviser/material"));
const askToSignIn = (note = "") => showSignIn(app, note, enter);

/** The console itself, for a signed-in adviser. */
function showConsole(who) {
  const state = { view: "open", items: [], selected: null, fetchedAt: Date.now(), known: null };
  let stopped = false;
  let stop = () => {};
  let ticking = 0;
  let soon = 0;
  const unwatch = watchPresence();

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
    unwatch();
    clearInterval(ticking);
    clearTimeout(soon);
    document.querySelector("dialog.ask")?.remove();
    askToSignIn(note);
  };
  whenExpired(() => end(texts.expired));

  function draw() {
    for (const button of viewButtons) button.setAttribute("aria-pressed", String(button.dataset.view === state.view));
    drawQueue(list, { items: state.items, view: state.view, selected: state.selected,
      elapsed: (Date.now() - state.fetchedAt) / 1000, onSelect: (id) => select(id, true) });
    columns.classList.toggle("has-talk", Boolean(state.selected));
  }

  /** Answers of which a later one may come first: only what was asked last counts. */
  let listAsked = 0;
  let talkAsked = 0;

  async function loadList() {
    const { view } = state;
    const asked = ++listAsked;
    const { items } = await call("GET", `handoffs?view=${view}`);
    if (stopped || view !== state.view || asked < listAsked) return;
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
        else if (item.accepted_by_me && before && item.unread > before.unread && item.id !== state.selected) alerts.tell(texts.newMessage(nameOf(item)));
        else if (item.accepted_by_me && before && !before.accepted_by_me && !pane.ownDoing.delete(item.id)) {
          alerts.tell(texts.transferredToYou(nameOf(item)));
        }
      }
      for (const [id, before] of state.known) {
        if (before.accepted_by_me && !now.get(id)?.accepted_by_me && !pane.ownDoing.delete(id)) {
          alerts.tell(texts.noLongerYours(nameOf(before)));
        }
      }
    }
    state.known = now;
  }

  let shownSeq = null;
  async function loadTalk() {
    const id = state.selected;
    if (!id) return;
    const asked = ++talkAsked;
    const item = await call("GET", `handoffs/${encodeURIComponent(id)}`);
    if (stopped || id !== state.selected || asked < talkAsked) return;
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
      if (error.status === 404) return select(null);
      if (stopped || id !== state.selected || id === before) return;
      // Another talk than the chosen one must not stay there to be answered.
      pane.show(null, error.title ?? texts.failed);
      details.show(null);
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
  const title = h("input", { type: "checkbox", id: "title-alert", on: { change: () => (alerts.title = title.checked) } });
  title.checked = alerts.title;
  let beatAt = 0;
  const beat = () => {
    beatAt = Date.now();
    return call("POST", "presence").catch(() => {});
  };
  const goAway = async () => {
    await call("DELETE", "presence").catch(() => {});
    forgetUnsent();
    leave(() => end(""));
  };
  columns.append(h("section", { class: "queue", "aria-label": texts.listLabel },
    h("div", { class: "views", role: "group", "aria-label": texts.viewsLabel }, ...viewButtons), list), middle, right);
  app.replaceChildren(
    h("a", { class: "skip", href: "#talk" }, texts.skip),
    h("header", { class: "bar" },
      h("span", { class: "mark" }, icon("signpost")), h("h1", {}, texts.title),
      h("label", { class: "sound", for: "sound" }, sound, texts.sound),
      h("label", { class: "sound", for: "title-alert" }, title, texts.titleAlertSetting),
      otherPages(who), h("span", { class: "who" }, who.display_name),
      h("button", { class: "bar-button", on: { click: goAway } }, texts.signOut)),
    trouble, columns, alerts.region);
  pane.show(null);
  draw();

  const wanted = decodeURIComponent(location.hash.slice(1));
  if (wanted) select(wanted);
  stop = follow({
    onPoll: () => {
      if (Date.now() - beatAt > BEAT_MS) beat();
      return refresh();
    },
    onTrouble: (is) => (trouble.hidden = !is),
    onEvent: (name, data) => {
      if (name === "beat") return beat();
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
  enter(await session());
} catch (error) {
  askToSignIn(error.status === 401 ? "" : error.title ?? texts.failed);
}
