/** Calls to the adviser interface, and its events. */

const BASE = "/adviser/api/";
const POLL_MS = 3000;

/** A call that failed; `status` is 0 when no answer came, `title` is what to show. */
export class CallError extends Error {
  constructor(status, title) {
    super(title ?? String(status));
    this.status = status;
    this.title = title;
  }
}

let csrf = null;
let onExpired = () => {};

/** Whom to tell when the session has ended. */
export const whenExpired = (listener) => (onExpired = listener);

export async function call(method, path, body) {
  let response;
  try {
    response = await fetch(BASE + path, {
      method,
      cache: "no-store",
      credentials: "same-origin",
      signal: AbortSignal.timeout?.(20000),
      headers: { ...(body && { "Content-Type": "application/json" }), ...(method !== "GET" && csrf && { "X-CSRF-Token": csrf }) },
      body: body && JSON.stringify(body),
    });
  } catch {
    throw new CallError(0, null);
  }
  if (response.ok) return response.status === 204 ? null : response.json().catch(() => null);
  const problem = await response.json().catch(() => ({}));
  if (response.status === 401 && path !== "session") onExpired();
  throw new CallError(response.status, typeof problem.title === "string" ? problem.title : null);
}

const remember = (session) => {
  csrf = session.csrf_token;
  return session;
};

export const session = () => call("GET", "session").then(remember);
export const signIn = (username, password) => call("POST", "session", { username, password }).then(remember);
export const signOut = () => call("DELETE", "session").finally(() => (csrf = null));

let offered = null;

/** Outcomes and ready replies, asked for once. */
export function choices() {
  offered ??= call("GET", "choices").catch((error) => {
    offered = null;
    throw error;
  });
  return offered;
}

/** Services of the catalogue, best match first. */
export async function searchServices(words) {
  const query = new URLSearchParams({ q: words, limit: "8" });
  const response = await fetch(`/api/v1/services?${query}`, { signal: AbortSignal.timeout?.(20000) }).catch(() => null);
  if (!response?.ok) throw new CallError(response?.status ?? 0, null);
  return response.json();
}

/**
 * Follow what happens. `onEvent(name, data)`; `onTrouble(bool)` when the connection goes or comes.
 * While the stream is down, `onPoll` is called every three seconds. Returns a function that stops it all.
 */
export function follow({ onEvent, onTrouble, onPoll }) {
  let timer = 0;
  const stopPolling = () => {
    clearInterval(timer);
    timer = 0;
  };
  let source;
  const open = () => {
    source = new EventSource(`${BASE}events`);
    source.onopen = () => {
      stopPolling();
      onTrouble(false);
      onPoll();
    };
    source.onerror = () => {
      timer ||= setInterval(async () => {
        try {
          await onPoll();
          onTrouble(false);
        } catch {
          onTrouble(true);
        }
        // A refused stream is closed for good by the browser, so it is opened again here.
        if (source.readyState === EventSource.CLOSED && timer) open();
      }, POLL_MS);
    };
    for (const name of ["queue", "message", "typing", "status", "beat"]) {
      source.addEventListener(name, ({ data }) => {
        let parsed = {};
        try {
          parsed = JSON.parse(data) ?? {};
        } catch {
          // An event without readable data still says that something changed.
        }
        onEvent(name, parsed);
      });
    }
  };
  open();
  return () => {
    stopPolling();
    source.close();
  };
}
