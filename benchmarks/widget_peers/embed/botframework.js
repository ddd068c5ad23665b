// Its documented way: an object with the interface of Direct Line, here against the scripted bot.
const script = document.createElement("script");
script.src = "/pkg/botframework-webchat/dist/webchat.js";
document.head.append(script);

const observable = (begin) => ({ subscribe(next, error, complete) {
  const observer = typeof next === "function" ? { next, error, complete } : next;
  begin({ next: (v) => observer.next?.(v), error: (e) => observer.error?.(e), complete: () => observer.complete?.() });
  return { unsubscribe() {} };
}, [Symbol.observable ?? "@@observable"]() { return this; } });

script.onload = () => {
  const listeners = new Set();
  const listener = { next: (value) => listeners.forEach((one) => one.next(value)) };
  let count = 0;
  const activity = (text, role, more = {}) => ({
    type: "message", id: `a${count += 1}`, text, timestamp: new Date().toISOString(),
    from: { id: role, role, name: role === "bot" ? "Botti" : "" }, conversation: { id: "c" }, channelId: "x", ...more,
  });
  const say = ({ text, buttons }) => listener.next(activity(text, "bot", buttons.length && {
    suggestedActions: { actions: buttons.map((title) => ({ type: "imBack", title, value: title })) },
  }));
  const directLine = {
    connectionStatus$: observable((observer) => [0, 1, 2].forEach((status) => observer.next(status))),
    activity$: observable((observer) => {
      listeners.add(observer);
      if (listeners.size === 1) setTimeout(() => say({ text: "Hei. Haluatko töihin?", buttons: ["Kyllä", "Ei"] }));
    }),
    postActivity: (posted) => observable(async (observer) => {
      try {
        if (posted.type !== "message") {
          observer.next("x");
          return observer.complete();
        }
        const answer = await fetch("/say", { method: "POST", body: JSON.stringify({ text: posted.text }) });
        const own = activity(posted.text, "user", { channelData: posted.channelData });
        listener.next(own);
        observer.next(own.id);
        observer.complete();
        say(await answer.json());
      } catch (error) {
        observer.error(error);
      }
    }),
    end() {},
  };
  const mount = document.querySelector("#mount");
  mount.style.height = "600px";
  window.WebChat.renderWebChat({ directLine, userID: "user", locale: "fi-FI" }, mount);
};
