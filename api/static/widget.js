/**
 * The chat widget of Tienviitta: launcher, panel and what can be done in it. On a page:
 *   <script type="module" src="…/widget.js"></script><tienviitta-chat></tienviitta-chat>
 */

import { h, hiddenText, icon, safeUrl } from "./dom.js";
import { texts } from "./texts.js";
import tokens from "./tokens.css";
import { repairColours } from "./widget/colours.js";
import { look, messageItem, spoken } from "./widget/messages.js";
import { Talk } from "./widget/talk.js";
import css from "./widget/widget.css";

const LIMIT = 2000;
const COUNTER_FROM = 1800;
const length = (text) => [...text].length;

/** Where this file was loaded from: the service. */
const BASE = new URL(".", import.meta.url);

/** One for every element on the page. */
const sheet = new CSSStyleSheet();
sheet.replaceSync(tokens + css);

const press = (label, click, style = "", extra = {}) => h("button", { class: `button ${style}`, on: click && { click }, ...extra }, label);

class TienviittaChat extends HTMLElement {
  #root = this.attachShadow({ mode: "open" });
  #talk = null;
  #ui = {};
  #drawn = new Map();
  #view = "chat";
  #shown = false;
  #opening = false;
  #unread = 0;
  #atEnd = true;
  #burst = { at: -Infinity, first: null };
  #narrow = matchMedia("(max-width: 480px), (max-height: 420px)");
  #life = null;
  #invoker = null;

  get #inline() {
    return this.getAttribute("position") === "inline";
  }

  get server() {
    return (this.getAttribute("server") ?? BASE.href).replace(/\/+$/, "");
  }

  connectedCallback() {
    if (this.#talk) return;
    this.#talk = new Talk(this.server);
    this.#root.adoptedStyleSheets = [sheet];
    // For sites that cannot add a stylesheet; `style="…"` would be blocked under a strict policy.
    for (const { name, value } of this.attributes) {
      if (name.startsWith("color-") && CSS.supports("color", value)) this.style.setProperty(`--tv-${name.slice(6)}`, value);
    }
    this.#build();
    this.#bind();
    repairColours(this.#ui.wrap);
    const { open } = this.#talk.store.get();
    // On a small screen the panel covers the page, so only the resident opens it.
    if (this.#inline || ((this.hasAttribute("open") ? open !== false : open) && !this.#narrow.matches)) this.#reveal();
    else if (this.#talk.resumable) this.#talk.start();
    this.#render();
  }

  disconnectedCallback() {
    queueMicrotask(() => {
      if (this.isConnected) return;
      this.#life?.abort();
      this.#talk?.dispose();
      this.#talk = null;
      this.#drawn.clear();
      this.#root.replaceChildren();
      this.#ui.viewHeading = null;
      this.#view = "chat";
      this.#shown = false;
    });
  }

  /** Open the panel and move focus into it. */
  show() {
    if (!this.#talk) return;
    const active = document.activeElement;
    this.#invoker = active && active !== document.body && active !== this ? active : null;
    if (!this.#shown) {
      this.#opening = true;
      this.#reveal(true);
      this.#afterFocus(() => { this.#opening = false; this.#render(); });
    }
    this.#focusInside();
  }

  /** Hide what had focus, when that has moved on: Orca that finds its place gone says nothing of the new one. */
  #afterFocus(hide) {
    setTimeout(() => this.#talk && hide(), 250);
  }

  /** Close the panel and give focus back to where it came from. */
  hide() {
    if (!this.#shown || this.#inline) return;
    const held = this.#root.activeElement !== null;
    if (this.#talk.shared) this.#talk.leave();
    this.#ui.panel.close();
    this.#shown = false;
    this.#talk.store.set({ open: false });
    this.removeAttribute("open");
    this.#showView("chat");
    this.#attend();
    this.#render();
    if (held) (this.#invoker?.isConnected ? this.#invoker : this.#ui.launcher).focus();
  }

  #reveal(byResident = false) {
    this.#shown = true;
    this.#unread = 0;
    if (!this.#inline) {
      // show() and showModal() move focus; an opening that nobody asked for must not.
      if (this.#narrow.matches) this.#ui.panel.showModal();
      else this.#ui.panel.setAttribute("open", "");
    }
    if (byResident) this.#talk.store.set({ open: true });
    if (["idle", "error"].includes(this.#talk.phase)) this.#talk.start();
    this.#attend();
    this.#render();
    this.#toEnd();
  }

  #focusInside() {
    const { panel, field, viewHeading } = this.#ui;
    if (this.#view !== "chat") viewHeading?.focus();
    // On a touch screen focus in the field would bring the keyboard over what there is to read.
    else if (matchMedia("(pointer: coarse)").matches) panel.focus();
    else field.focus();
  }

  #build() {
    const heading = this.getAttribute("heading") || texts.heading;
    const logo = this.getAttribute("logo");
    const ui = this.#ui;
    const button = (name, label, click, extra = {}) =>
      h("button", { class: "tool", on: { click }, ...extra }, icon(name), hiddenText(label));

    ui.launcherText = h("span");
    ui.launcherBadge = h("span", { class: "badge", hidden: true });
    ui.launcher = h("button", { class: "launcher", "aria-haspopup": "dialog", on: { click: () => this.show() } },
      icon("signpost"), ui.launcherText, ui.launcherBadge);

    ui.subtitle = h("p", { class: "subtitle" });
    ui.menuButton = button("menu", texts.menu, () => this.#toggleMenu(), { "aria-expanded": "false", "aria-controls": "menu" });
    ui.closeButton = this.#inline ? null : button("close", texts.close, () => this.hide());
    ui.closeLabel = ui.closeButton?.querySelector(".sr");
    // Firefox makes a stop for Tab of whatever scrolls; this one has no name.
    ui.menu = h("ul", { id: "menu", class: "menu", hidden: true, tabindex: "-1" });
    ui.head = h("div", { class: "head" },
      logo ? h("img", { class: "logo", src: logo, alt: "" }) : h("span", { class: "mark" }, icon("signpost")),
      h("div", { class: "titles" }, h("h2", {}, heading), ui.subtitle), ui.menuButton, ui.menu, ui.closeButton);
    // An open menu would cover what has focus next.
    for (const part of [ui.menuButton, ui.menu]) {
      part.addEventListener("focusout", ({ relatedTarget: next }) => {
        if (next && next !== ui.menuButton && !ui.menu.contains(next)) this.#toggleMenu(false);
      });
    }

    ui.progressText = h("p");
    ui.progressBar = h("div", { class: "steps", "aria-hidden": "true" });
    ui.progress = h("div", { class: "progress", hidden: true }, ui.progressText, ui.progressBar);
    ui.trouble = h("p", { class: "strip notice", hidden: true });
    ui.standing = h("div", { class: "strip", hidden: true });
    ui.strips = h("div", { role: "status" }, ui.trouble);

    ui.list = h("ol", { role: "list" });
    ui.typing = h("p", { class: "typing", hidden: true },
      h("span", { class: "dots", "aria-hidden": "true" }, h("i"), h("i"), h("i")), h("span"));
    // Silent: the live region says each message once, whole.
    ui.log = h("div", { class: "log", role: "log", "aria-live": "off", "aria-label": texts.logLabel, tabindex: "0",
      on: { scroll: () => this.#scrolled() } }, ui.list, ui.typing);
    ui.jump = h("button", { class: "jump", hidden: true, on: { click: () => { this.#toEnd(); ui.log.focus(); } } },
      texts.newMessages, icon("down"));

    ui.field = h("textarea", { id: "field", rows: "1", "aria-describedby": "hint counter", placeholder: texts.placeholder,
      autocomplete: "off", enterkeyhint: "send", on: { input: () => { this.#measure(); this.#talk.write(); }, keydown: (event) => this.#fieldKey(event) } });
    ui.counter = h("p", { id: "counter", class: "counter", role: "status" });
    ui.send = h("button", { type: "submit", class: "send" }, icon("send"), h("span", {}, texts.send));
    ui.composer = h("form", { class: "composer", on: { submit: (event) => { event.preventDefault(); this.#submit(); } } },
      h("label", { for: "field", class: "sr" }, texts.field), ui.field, ui.send,
      h("p", { id: "hint", class: "sr" }, texts.fieldHint), ui.counter);

    ui.chat = h("div", { class: "chat" }, ui.progress, ui.strips, ui.standing, ui.log, ui.jump, ui.composer);
    ui.other = h("div", { class: "view", hidden: true, tabindex: "-1" });
    // A modal dialog silences what is outside of it: a live region on either side.
    ui.inner = h("div", { class: "sr live", "aria-live": "polite", "aria-relevant": "additions" });
    ui.outer = ui.inner.cloneNode();
    ui.panel = h(this.#inline ? "section" : "dialog",
      { class: "panel", "aria-label": texts.panelLabel(heading), tabindex: "-1",
        on: { keydown: (event) => this.#panelKey(event), scroll: () => this.#scrolled() } },
      ui.head, ui.chat, ui.other, ui.inner);
    ui.panel.addEventListener("cancel", (event) => { event.preventDefault(); this.#escape(); });
    ui.wrap = h("div", { class: `wrap ${this.getAttribute("position") === "left" ? "left" : ""}`, lang: texts.language },
      this.#inline ? null : ui.launcher, ui.panel, ui.outer);
    this.#root.replaceChildren(ui.wrap);
    this.#largeText(this.#talk.store.get().large === true);
  }

  #bind() {
    this.#life = new AbortController();
    const { signal } = this.#life;
    const listen = (target, event, listener) => target?.addEventListener(event, listener, { signal });
    let waiting = false;
    listen(this.#talk, "change", () => {
      if (waiting) return;
      waiting = true;
      queueMicrotask(() => { waiting = false; this.#talk && this.#render(); });
    });
    listen(this.#talk, "arrived", ({ detail }) => this.#arrived(detail));
    listen(window, "online", () => this.#talk.wake());
    listen(window, "offline", () => this.#render());
    listen(document, "visibilitychange", () => this.#attend());
    listen(window, "pagehide", () => this.#talk.shared && this.#talk.leave());
    listen(window, "pageshow", () => this.#shown && this.#talk.phase === "idle" && this.#talk.start());
    listen(this.#narrow, "change", () => this.#fit());
    listen(matchMedia("(prefers-color-scheme: dark)"), "change", () => repairColours(this.#ui.wrap));
    listen(document, "pointerdown", (event) => { if (!event.composedPath().includes(this.#ui.head)) this.#toggleMenu(false); });
    listen(window.visualViewport, "resize", () => this.#fit());
    this.#fit();
  }

  /** Follow the on-screen keyboard and the size of the screen. */
  #fit() {
    const { panel } = this.#ui;
    panel.style.setProperty("--visible-height", `${window.visualViewport?.height ?? innerHeight}px`);
    if (this.#inline || !this.#shown || this.#narrow.matches === panel.matches(":modal")) return;
    const focused = this.#root.activeElement;
    panel.close();
    if (this.#narrow.matches) panel.showModal();
    else panel.setAttribute("open", "");
    focused?.focus();
  }

  /** Follow the talk while somebody looks at it, and always while a human may write. */
  #attend() {
    const human = ["queued", "accepted"].includes(this.#talk.status);
    if ((this.#shown && !document.hidden) || human) this.#talk.listen();
    else this.#talk.stopListening();
  }

  #arrived(messages) {
    const name = this.#adviser;
    const region = this.#shown ? this.#ui.inner : this.#ui.outer;
    for (const message of messages) {
      const line = h("p", {}, spoken(message, name));
      region.append(line);
      setTimeout(() => line.remove(), 20000);
    }
    if (!this.#shown) {
      this.#unread += messages.length;
      this.#render();
      return;
    }
    const now = performance.now();
    const sameBurst = now - this.#burst.at < 1500;
    if (!sameBurst) this.#burst.first = this.#atEnd ? `s${messages[0].seq}` : null;
    this.#burst.at = now;
    this.#render();
    // To the first of what came together, so that nobody has to scroll up to begin.
    const first = this.#drawn.get(this.#burst.first)?.item;
    if (first) this.#toEnd(first);
    else this.#ui.jump.hidden = false;
  }

  get #adviser() {
    return this.#talk.handoff?.adviser ?? null;
  }

  get #scroller() {
    return getComputedStyle(this.#ui.log).overflowY === "visible" ? this.#ui.panel : this.#ui.log;
  }

  #scrolled() {
    const { scrollTop, scrollHeight, clientHeight } = this.#scroller;
    this.#atEnd = scrollHeight - scrollTop - clientHeight < 90;
    if (this.#atEnd) this.#ui.jump.hidden = true;
  }

  /** Scroll to the end, but not past the beginning of `first`. */
  #toEnd(first = null) {
    const scroller = this.#scroller;
    const { head, panel, jump } = this.#ui;
    const above = 12 + (scroller === panel ? head.offsetHeight : 0);
    const past = first ? first.getBoundingClientRect().top - scroller.getBoundingClientRect().top - above : Infinity;
    scroller.scrollTop = Math.min(scroller.scrollHeight, scroller.scrollTop + past);
    this.#scrolled();
    jump.hidden = this.#atEnd;
  }

  #render() {
    const talk = this.#talk;
    const ui = this.#ui;
    const name = this.#adviser;

    if (!this.#inline) {
      ui.launcher.hidden = this.#shown && !this.#opening;
      ui.launcherText.textContent = talk.resumable ? texts.launcherResume : this.getAttribute("launcher-text") || texts.launcher;
      ui.launcherBadge.hidden = !this.#unread;
      ui.launcherBadge.textContent = this.#unread ? texts.launcherUnread(this.#unread) : "";
      ui.closeLabel.textContent = talk.shared ? texts.closeShared : texts.close;
    }
    ui.subtitle.textContent = talk.status === "accepted" ? texts.subtitleAdviser(name)
      : talk.status === "queued" ? texts.subtitleQueued : texts.subtitleBot;

    if (["error", "gone", "erased"].includes(talk.phase)) {
      if (this.#view !== talk.phase) this.#showView(talk.phase);
    } else if (["error", "gone", "erased"].includes(this.#view)) {
      this.#showView("chat");
    }
    this.#renderProgress(talk.progress);
    this.#renderStrips(name);
    this.#renderMessages(name);

    const typing = talk.phase === "connecting" ? texts.connecting
      : talk.typing === "adviser" ? texts.typingAdviser(name) : talk.typing === "bot" ? texts.typingBot : "";
    ui.typing.hidden = !typing;
    if (ui.typing.lastChild.textContent !== typing) ui.typing.lastChild.textContent = typing;
    if (typing && this.#atEnd) this.#toEnd();
    ui.log.setAttribute("aria-busy", String(talk.phase === "connecting"));
    this.#attend();
  }

  #renderProgress(progress) {
    const { progress: box, progressText, progressBar } = this.#ui;
    box.hidden = !progress?.index;
    const mark = progress ? `${progress.index}/${progress.of}/${progress.area}` : "";
    if (box.dataset.mark === mark) return;
    box.dataset.mark = mark;
    if (box.hidden) return;
    const { index, of } = progress;
    const area = texts.areas[progress.area] ?? progress.area;
    progressText.replaceChildren(h("span", { "aria-hidden": "true" }, texts.progress(index, of, area)),
      hiddenText(texts.progressLabel(index, of, area)));
    progressBar.replaceChildren(...Array.from({ length: of }, (_, i) => h("span", { class: i < index - 1 ? "done" : i < index ? "now" : "" })));
  }

  #renderStrips(name) {
    const talk = this.#talk;
    const { trouble, standing } = this.#ui;
    const problem = !navigator.onLine ? "offline" : talk.trouble;
    trouble.hidden = !problem || talk.phase !== "ready";
    const said = trouble.hidden ? "" : texts[problem];
    if (trouble.textContent !== said) trouble.textContent = said;

    const { handoff, status } = talk;
    const mark = JSON.stringify([status, handoff]);
    if (standing.dataset.mark === mark) return;
    standing.dataset.mark = mark;
    const [lead, more, label, click] = {
      queued: () => [texts.queued(handoff?.place),
        `${handoff?.estimate_s ? `${texts.estimate(handoff.estimate_s)} ` : ""}${texts.queuedHint}`,
        texts.cancelWait, (event) => this.#cancelHandoff(event)],
      accepted: () => [texts.accepted(name), "", texts.endAdviser, (event) => this.#cancelHandoff(event)],
      callback_requested: () => ["", texts.callbackRequested, texts.cancelCallback, (event) => this.#cancelHandoff(event)],
      timed_out: () => ["", texts.timedOut],
      failed: () => ["", texts.handoffFailed],
      closed: () => [texts.closed, "", texts.feedback, () => this.#showView("feedback", true)],
    }[status]?.() ?? [null];
    const parts = lead === null ? [] : [h("p", {}, h("strong", {}, lead), ` ${more ?? ""}`), label ? press(label, click) : ""];
    standing.replaceChildren(...parts);
    standing.hidden = !parts.length;
    standing.className = `strip ${status}`;
  }

  #renderMessages(name) {
    const { list } = this.#ui;
    const restored = !list.firstChild && this.#talk.messages.length > 1;
    const choices = this.#talk.phase === "ready" ? this.#talk.choices : null;
    const keys = new Set();
    let previous = null;
    for (const message of this.#talk.messages) {
      keys.add(message.key);
      const active = message === choices;
      const mark = look(message, active) + (message.sender === "adviser" ? name : "");
      let drawn = this.#drawn.get(message.key);
      if (drawn?.mark !== mark) {
        const item = messageItem(message, {
          active, adviser: name,
          onChoose: (button) => this.#choose(button),
          onResend: (failed) => { this.#talk.resend(failed); this.#drawn.get(failed.key).item.focus(); },
        });
        if (drawn) {
          // The item stays: whoever has focus there is not told of it anew.
          const within = drawn.item !== this.#root.activeElement && drawn.item.contains(this.#root.activeElement);
          drawn.item.className = item.className;
          drawn.item.replaceChildren(...item.childNodes);
          drawn.mark = mark;
          if (within) drawn.item.focus({ preventScroll: true });
        } else {
          drawn = { item, mark };
          this.#drawn.set(message.key, drawn);
        }
      }
      drawn.item.classList.toggle("same", previous?.sender === message.sender);
      const expected = previous ? this.#drawn.get(previous.key).item.nextSibling : list.firstChild;
      if (expected !== drawn.item) list.insertBefore(drawn.item, expected);
      previous = message;
    }
    for (const [key, { item }] of this.#drawn) {
      if (keys.has(key)) continue;
      item.remove();
      this.#drawn.delete(key);
    }
    if (restored) this.#toEnd();
  }

  #choose({ title, payload }) {
    this.#burst.at = -Infinity;
    const message = this.#talk.send({ payload, title });
    this.#render();
    this.#toEnd();
    // The pressed button is gone: Tab leads on from its message.
    this.#drawn.get(message.key).item.focus();
  }

  #submit() {
    const { field } = this.#ui;
    const text = field.value.trim();
    field.focus();
    if (!text || length(text) > LIMIT || !["ready", "connecting"].includes(this.#talk.phase)) return;
    this.#say(text);
    field.value = "";
    this.#measure();
  }

  #say(text) {
    this.#burst.at = -Infinity;
    this.#talk.send({ text });
    this.#render();
    this.#toEnd();
  }

  #fieldKey(event) {
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    this.#submit();
  }

  #measure() {
    const { field, counter, send } = this.#ui;
    field.style.height = "auto";
    field.style.height = `${Math.min(field.scrollHeight + 2, 140)}px`;
    const count = length(field.value.trim());
    const over = count > LIMIT;
    counter.textContent = over ? texts.tooLong(count - LIMIT) : count >= COUNTER_FROM ? texts.charactersLeft(LIMIT - count) : "";
    counter.classList.toggle("over", over);
    if (over) field.setAttribute("aria-invalid", "true");
    else field.removeAttribute("aria-invalid");
    send.setAttribute("aria-disabled", String(over));
  }

  #panelKey(event) {
    if (event.key !== "Escape" || event.isComposing) return;
    event.preventDefault();
    event.stopPropagation();
    this.#escape();
  }

  #escape() {
    if (!this.#ui.menu.hidden) {
      this.#toggleMenu(false);
      this.#ui.menuButton.focus();
    } else if (["erase", "feedback"].includes(this.#view)) {
      this.#showView("chat", true);
    } else {
      this.hide();
    }
  }

  #toggleMenu(open = this.#ui.menu.hidden) {
    const { menu, menuButton } = this.#ui;
    menuButton.setAttribute("aria-expanded", String(open));
    if (open) menu.replaceChildren(...this.#menuItems());
    menu.hidden = !open;
  }

  #menuItems() {
    const talk = this.#talk;
    const run = (action) => () => { this.#toggleMenu(false); action(); };
    const item = (label, action, extra = {}) =>
      h("li", {}, h("button", { on: { click: run(action) }, ...extra }, label));
    const toggle = (label, on, change, hint) => {
      const button = h("button", { "aria-pressed": String(on), on: { click: () => {
        const now = button.getAttribute("aria-pressed") !== "true";
        button.setAttribute("aria-pressed", String(now));
        change(now);
      } } }, h("span", { class: "switch", "aria-hidden": "true" }), h("span", {}, label, hint && h("small", {}, hint)));
      return h("li", {}, button);
    };
    const link = (label, path) => h("li", {}, h("a", { href: safeUrl(`${this.server}/${path}`) ?? `${this.server}/${path}`,
      target: "_blank", rel: "noopener" }, label, hiddenText(` ${texts.newTab}`)));
    const say = (text) => () => { this.#showView("chat"); this.#say(text); this.#ui.field.focus(); };
    const ready = talk.phase === "ready";
    return [
      ready && !["queued", "accepted"].includes(talk.status) && item(texts.askPerson, say(texts.askPersonMessage)),
      ready && item(texts.savePdf, () => this.#save("pdf")),
      ready && item(texts.saveText, () => this.#save("txt")),
      ready && item(texts.print, () => this.#print()),
      ready && item(texts.feedback, () => this.#showView("feedback", true)),
      ready && item(texts.startOver, say(texts.startOverMessage)),
      toggle(texts.largeText, talk.store.get().large === true, (on) => { talk.store.set({ large: on }); this.#largeText(on); }),
      toggle(texts.shared, talk.shared, (on) => { talk.store.set({ shared: on }); this.#render(); }, texts.sharedHint),
      link(texts.privacy, "privacy"),
      link(texts.accessibility, "accessibility"),
      ready && item(texts.erase, () => this.#showView("erase", true), { class: "danger" }),
    ].filter(Boolean);
  }

  #largeText(on) {
    this.#ui.wrap.classList.toggle("large", on);
    if (this.#atEnd) this.#toEnd();
  }

  /** Put a view in the conversation's place, or "chat". `moveFocus`: the resident asked for it. */
  #showView(view, moveFocus = false) {
    const { chat, other, field } = this.#ui;
    const within = moveFocus || (this.#view !== view && this.#root.activeElement !== null && this.#root.activeElement !== this.#ui.launcher);
    this.#view = view;
    const parts = { erase: () => this.#eraseView(), feedback: () => this.#feedbackView(), error: () => this.#errorView(),
      gone: () => this.#endView(texts.goneHeading, texts.goneText), erased: () => this.#endView(texts.erasedHeading, texts.erasedText),
    }[view]?.();
    chat.hidden = Boolean(parts);
    other.classList.toggle("sr", !parts);
    if (!parts) {
      this.#ui.viewHeading = null;
      if (within && this.#shown) field.focus();
      const hide = () => {
        if (this.#view !== "chat") return;
        other.hidden = true;
        other.replaceChildren();
      };
      if (within) this.#afterFocus(hide);
      else hide();
      return;
    }
    other.hidden = false;
    if (!other.contains(this.#root.activeElement)) other.replaceChildren();
    const before = [...other.children];
    this.#ui.viewHeading = h("h3", { tabindex: "-1" }, parts.shift());
    other.prepend(this.#ui.viewHeading, ...parts.filter(Boolean));
    if (within && this.#shown) this.#ui.viewHeading.focus();
    for (const part of before) part.classList.add("sr");
    this.#afterFocus(() => before.forEach((part) => part.remove()));
  }

  #endView(heading, text) {
    return [heading, h("p", {}, text), h("p", { class: "actions" },
      press(texts.newTalk, () => { this.#talk.startNew(); this.#ui.field.focus(); }, "main"),
      !this.#inline && press(texts.close, () => this.hide()))];
  }

  #errorView() {
    return [texts.errorHeading, h("p", {}, this.#talk.trouble === "offline" ? texts.offline : texts.errorText), h("slot"),
      h("p", { class: "actions" },
        press(texts.retry, () => this.#talk.start(), "main"))];
  }

  #eraseView() {
    const problem = h("p", { class: "problem", role: "alert" });
    const confirm = h("button", { class: "button main danger", on: { click: async () => {
      problem.textContent = "";
      confirm.setAttribute("aria-disabled", "true");
      try {
        await this.#talk.erase();
      } catch {
        confirm.removeAttribute("aria-disabled");
        problem.textContent = texts.eraseFailed;
      }
    } } }, texts.eraseConfirm);
    return [texts.eraseHeading, h("p", {}, texts.eraseText), problem, h("p", { class: "actions" }, confirm,
      press(texts.cancel, () => this.#showView("chat", true)))];
  }

  #feedbackView() {
    const problem = h("p", { class: "problem", role: "alert" });
    const back = (style) => press(texts.back, () => this.#showView("chat", true), style);
    const choice = (value, label) =>
      h("label", { class: "radio" }, h("input", { type: "radio", name: "helped", value }), label);
    const submit = async (event) => {
      event.preventDefault();
      const data = new FormData(form);
      if (!data.get("helped")) {
        problem.textContent = texts.feedbackMissing;
        return form.querySelector("input").focus();
      }
      try {
        const text = data.get("text").trim();
        await this.#talk.feedback({ helped: data.get("helped"), ...(text && { text }) });
        form.replaceWith(h("p", { class: "actions" }, back("main")));
        this.#ui.viewHeading.textContent = texts.feedbackThanks;
        this.#ui.viewHeading.focus();
      } catch (error) {
        problem.textContent = error.title ?? texts.feedbackFailed;
      }
    };
    const form = h("form", { on: { submit } },
      h("fieldset", {}, h("legend", { class: "sr" }, texts.feedbackHeading), choice("yes", texts.feedbackYes), choice("partly", texts.feedbackPartly), choice("no", texts.feedbackNo)),
      h("label", { for: "more" }, texts.feedbackText),
      h("p", { class: "hint", id: "more-hint" }, texts.feedbackTextHint),
      h("textarea", { id: "more", name: "text", rows: "3", maxlength: "1000", "aria-describedby": "more-hint" }),
      problem,
      h("p", { class: "actions" }, press(texts.feedbackSend, null, "main", { type: "submit" }), back()));
    return [texts.feedbackHeading, form];
  }

  async #cancelHandoff({ currentTarget }) {
    const strip = currentTarget.closest(".strip");
    try {
      await this.#talk.cancelHandoff();
      if (!this.#root.activeElement) this.#ui.field.focus();
    } catch (error) {
      strip.append(h("p", { class: "problem", role: "alert" }, error.title ?? texts.cancelFailed));
    }
  }

  #complain(text) {
    const line = h("p", { class: "strip notice" }, text);
    this.#ui.strips.append(line);
    setTimeout(() => line.remove(), 10000);
  }

  async #save(format) {
    this.#ui.menuButton.focus();
    try {
      const url = URL.createObjectURL(await this.#talk.transcript(format, "blob"));
      h("a", { href: url, download: `${texts.fileName}.${format}` }).click();
      setTimeout(() => URL.revokeObjectURL(url), 60000);
    } catch {
      this.#complain(texts.transcriptFailed);
    }
  }

  async #print() {
    this.#ui.menuButton.focus();
    // Opened at once: later it would be blocked as not asked for.
    const view = window.open("", "_blank");
    if (!view) return this.#complain(texts.popupBlocked);
    try {
      // Its inline styles would be blocked under a strict policy; a sheet made here is not.
      const sheet = new view.CSSStyleSheet();
      const html = (await this.#talk.transcript("html")).replace(/<style>([^]*?)<\/style>/, (_, css) => {
        sheet.replaceSync(css);
        return "";
      });
      const page = new DOMParser().parseFromString(html, "text/html");
      view.document.adoptedStyleSheets = [sheet];
      page.querySelectorAll("script,style,iframe,object,embed,link,base,meta,form,svg,img").forEach((node) => node.remove());
      for (const node of page.body.querySelectorAll("*")) {
        for (const { name, value } of [...node.attributes]) {
          if (name !== "class" && !(name === "href" && safeUrl(value))) node.removeAttribute(name);
        }
      }
      view.document.documentElement.lang = texts.language;
      view.document.title = page.title;
      view.document.body.replaceChildren(...page.body.childNodes);
      view.focus();
      view.print();
    } catch {
      view.close();
      this.#complain(texts.transcriptFailed);
    }
  }
}

if (!customElements.get("tienviitta-chat")) customElements.define("tienviitta-chat", TienviittaChat);
