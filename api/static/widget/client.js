/** HTTP and server-sent events of the chat interface. */

/** `status` is 0 when no answer came; `title` is a Finnish sentence or null. */
export class CallError extends Error {
  constructor(status, title = null, retryAfter = 0) {
    super(title ?? status);
    Object.assign(this, { status, title, retryAfter });
  }

  /** The talk is not there, or the token is not for it. */
  get gone() {
    return this.status === 401 || this.status === 404;
  }

  /** The same call can succeed later. */
  get temporary() {
    return this.status === 0 || this.status === 408 || this.status === 429 || this.status >= 500;
  }
}

/** A signal that aborts with `other`, or when `wind(milliseconds)` was last called that long ago. */
function clock(other) {
  const controller = new AbortController();
  const abort = () => controller.abort();
  let timer;
  if (other?.aborted) abort();
  other?.addEventListener("abort", abort);
  return {
    signal: controller.signal,
    abort,
    wind: (milliseconds) => {
      clearTimeout(timer);
      timer = setTimeout(abort, milliseconds);
    },
    stop: () => {
      clearTimeout(timer);
      other?.removeEventListener("abort", abort);
    },
  };
}

const asCallError = (error) => (error instanceof CallError ? error : new CallError(0));

export class Client {
  constructor(server) {
    this.root = `${server}/api/v1/conversations`;
  }

  async #fetch(method, path, { token, body, signal, headers, keepalive }) {
    const response = await fetch(this.root + path, {
      method, signal, keepalive, cache: "no-store", credentials: "omit", referrerPolicy: "no-referrer",
      headers: {
        ...(token && { Authorization: `Bearer ${token}` }),
        ...(body && { "Content-Type": "application/json" }),
        ...headers,
      },
      body: body && JSON.stringify(body),
    });
    if (response.ok) return response;
    const { title } = await response.json().catch(() => ({}));
    throw new CallError(response.status, typeof title === "string" ? title : null, Number(response.headers.get("Retry-After")) || 0);
  }

  /** Answer of a call, as JSON, text or blob. `time` is in milliseconds. */
  async call(method, path, { time = 20000, as = "json", ...options } = {}) {
    const limit = clock(options.signal);
    limit.wind(time);
    try {
      const response = await this.#fetch(method, path, { ...options, signal: limit.signal });
      return response.status === 204 ? null : await response[as]();
    } catch (error) {
      throw asCallError(error);
    } finally {
      limit.stop();
    }
  }

  /**
   * Events as `{event, data}` (EventSource cannot carry the Authorization header). The first is `open`, when anything
   * comes through. It fails after `silence` milliseconds without a byte, half of that before the first.
   */
  async *events(id, { token, lastId, signal, silence = 40000 }) {
    const limit = clock(signal);
    limit.wind(silence / 2);
    try {
      const response = await this.#fetch("GET", `/${id}/events`, {
        token, signal: limit.signal,
        headers: { Accept: "text/event-stream", ...(lastId && { "Last-Event-ID": String(lastId) }) },
      });
      const reader = response.body.getReader();
      const decoder = new TextDecoder();
      let buffer = null;
      for (;;) {
        const { done, value } = await reader.read();
        if (done) return;
        limit.wind(silence);
        if (buffer === null) yield { event: "open" };
        buffer = (buffer ?? "") + decoder.decode(value, { stream: true });
        const blocks = buffer.split(/\r\n\r\n|\n\n|\r\r/);
        buffer = blocks.pop();
        for (const block of blocks) {
          const parsed = parseEvent(block);
          if (parsed) yield parsed;
        }
      }
    } catch (error) {
      throw asCallError(error);
    } finally {
      limit.stop();
      limit.abort();
    }
  }
}

/** One block of a stream; null for a comment or a broken one. */
function parseEvent(block) {
  let event = "message";
  const data = [];
  for (const line of block.split(/\r\n|\n|\r/)) {
    const [, field, value = ""] = /^([^:]*):? ?(.*)$/.exec(line);
    if (field === "event") event = value;
    if (field === "data") data.push(value);
  }
  try {
    return data.length ? { event, data: JSON.parse(data.join("\n")) } : null;
  } catch {
    return null;
  }
}
