/** HTTP and server-sent events of the chat interface. */

/** A call that failed. `status` is 0 when no answer came; `title` is a Finnish sentence or null. */
export class CallError extends Error {
  constructor(status, title = null, retryAfter = 0) {
    super(title ?? `status ${status}`);
    this.status = status;
    this.title = title;
    this.retryAfter = retryAfter;
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

/** A signal that aborts after a time (milliseconds) or when `other` does, and a function that stops the clock. */
function deadline(milliseconds, other) {
  const controller = new AbortController();
  const timer = setTimeout(() => controller.abort(), milliseconds);
  const stop = () => controller.abort();
  if (other?.aborted) stop();
  other?.addEventListener("abort", stop, { once: true });
  return {
    signal: controller.signal,
    stop,
    clear: () => {
      clearTimeout(timer);
      other?.removeEventListener("abort", stop);
    },
  };
}

export class Client {
  /** @param {string} server origin (and path) of the api, without a trailing slash */
  constructor(server) {
    this.root = `${server}/api/v1/conversations`;
  }

  async #fetch(method, path, { token, body, signal, headers, keepalive } = {}) {
    let response;
    try {
      response = await fetch(this.root + path, {
        method,
        signal,
        keepalive,
        cache: "no-store",
        credentials: "omit",
        referrerPolicy: "no-referrer",
        headers: {
          ...(token && { Authorization: `Bearer ${token}` }),
          ...(body && { "Content-Type": "application/json" }),
          ...headers,
        },
        body: body && JSON.stringify(body),
      });
    } catch {
      throw new CallError(0);
    }
    if (response.ok) return response;
    const problem = await response.json().catch(() => ({}));
    throw new CallError(
      response.status,
      typeof problem.title === "string" ? problem.title : null,
      Number(response.headers.get("Retry-After")) || 0,
    );
  }

  /** Answer of a call, as JSON. `time` is in milliseconds. */
  async call(method, path, { time = 20000, as = "json", ...options } = {}) {
    const limit = deadline(time, options.signal);
    try {
      const response = await this.#fetch(method, path, { ...options, signal: limit.signal });
      if (response.status === 204) return null;
      return await (as === "text" ? response.text() : response.json());
    } catch (error) {
      throw error instanceof CallError ? error : new CallError(0);
    } finally {
      limit.clear();
    }
  }

  /**
   * Events of a talk as `{event, data, id}`, until the stream ends.
   * EventSource cannot carry the Authorization header, so the stream is read here.
   * The first is `{event: "open"}`, when anything at all has come through. `silence` is how long (milliseconds)
   * nothing, not even a comment, may arrive; before the first byte it is half of that.
   */
  async *events(id, { token, lastId, signal, silence = 40000 }) {
    const limit = deadline(silence / 2, signal);
    try {
      const response = await this.#fetch("GET", `/${id}/events`, {
        token,
        signal: limit.signal,
        headers: { Accept: "text/event-stream", ...(lastId && { "Last-Event-ID": String(lastId) }) },
      });
      if (!response.body || !(response.headers.get("Content-Type") ?? "").includes("text/event-stream")) {
        throw new CallError(0);
      }
      // One controller drives the whole stream; only its clock is wound again when bytes arrive.
      const reader = response.body.getReader();
      const decoder = new TextDecoder();
      let buffer = "";
      let opened = false;
      for (;;) {
        let timer;
        const { done, value } = await Promise.race([
          reader.read(),
          new Promise((_, reject) => {
            timer = setTimeout(() => reject(new CallError(0)), opened ? silence : silence / 2);
          }),
        ]).finally(() => clearTimeout(timer));
        limit.clear();
        signal?.addEventListener("abort", limit.stop, { once: true });
        if (done) return;
        if (!opened) yield { event: "open", id: null, data: null };
        opened = true;
        buffer += decoder.decode(value, { stream: true });
        const blocks = buffer.split(/\r\n\r\n|\n\n|\r\r/);
        buffer = blocks.pop();
        for (const block of blocks) {
          const parsed = parseEvent(block);
          if (parsed) yield parsed;
        }
      }
    } catch (error) {
      throw error instanceof CallError ? error : new CallError(0);
    } finally {
      limit.clear();
      limit.stop();
    }
  }
}

/** One block of an event stream, or null for a comment or a broken one. */
export function parseEvent(block) {
  let event = "message";
  let id = null;
  const data = [];
  for (const line of block.split(/\r\n|\n|\r/)) {
    const [, field, value] = /^([^:]*)(?:: ?(.*))?$/.exec(line) ?? [];
    if (field === "event") event = value;
    else if (field === "data") data.push(value ?? "");
    else if (field === "id") id = value ?? null;
  }
  if (!data.length) return null;
  try {
    return { event, id, data: JSON.parse(data.join("\n")) };
  } catch {
    return null;
  }
}
