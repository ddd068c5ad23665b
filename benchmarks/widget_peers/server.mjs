/**
 * Serves the peers' packages, one host page for all, and the same scripted bot in each peer's own protocol.
 * `node server.mjs <folder with node_modules> <port>`; listens on the loopback alone.
 */
import { createRequire } from "node:module";
import { createServer } from "node:http";
import { readFileSync } from "node:fs";
import { dirname, extname, join, normalize } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";

const [, , installed, port] = process.argv;
const here = dirname(fileURLToPath(import.meta.url));
const { Server } = createRequire(join(installed, "node_modules/"))("socket.io");
const TYPES = { ".js": "text/javascript", ".mjs": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml" };

let received = [];

function reply(text) {
  if (text.startsWith("/aloita")) return { text: "Hei. Haluatko töihin?", buttons: ["Kyllä", "Ei"] };
  received.push(text);
  return { text: `Kiitos. Sait vastauksen numero ${received.length}.`, buttons: [] };
}

const packed = new Map();
function file(path) {
  if (!packed.has(path)) packed.set(path, gzipSync(readFileSync(path), { level: 9 }));
  return packed.get(path);
}

/** A municipality's page: nothing on it but the widget differs. `?own=<address>` embeds ours. */
function page(id, parameters) {
  const own = parameters.get("own");
  const script = id === "none" ? "" : own ? `<script type="module" src="${own}/widget.js"></script><tienviitta-chat></tienviitta-chat>`
    : `<script type="module" src="/embed/${id}.js"></script>`;
  return `<!doctype html><html lang="fi"><head><meta charset="utf-8"><title>Kunta</title>
<meta name="viewport" content="width=device-width, initial-scale=1"><link rel="icon" href="/icon.svg"></head><body>
<header><a href="#main">Siirry sisältöön</a></header>
<main id="main"><h1>Kunta</h1><p>Palvelut ja yhteystiedot.</p><div id="mount"></div></main>${script}</body></html>`;
}

const body = async (request) => {
  const parts = [];
  for await (const part of request) parts.push(part);
  return parts.length ? JSON.parse(Buffer.concat(parts)) : {};
};

const server = createServer(async (request, response) => {
  const url = new URL(request.url, "http://x");
  const path = decodeURIComponent(url.pathname);
  const json = (value) => response.writeHead(200, { "Content-Type": "application/json" }).end(JSON.stringify(value));
  try {
    if (path.startsWith("/page/")) {
      const own = url.searchParams.get("own");
      const headers = { "Content-Type": "text/html; charset=utf-8" };
      if (url.searchParams.has("strict")) {
        headers["Content-Security-Policy"] = own
          ? `default-src 'self'; script-src ${own}; connect-src ${own}` : "default-src 'self'; connect-src 'self' ws:";
      }
      return response.writeHead(200, headers).end(page(path.slice(6), url.searchParams));
    }
    if (path === "/received") {
      if (request.method === "DELETE") received = [];
      return json(received);
    }
    if (path === "/say") return json(reply((await body(request)).text));
    if (path === "/n8n") {
      const asked = await body(request);
      if (asked.action === "loadPreviousSession") {
        return json({ data: received.flatMap((text, n) => [
          { id: `u${n}`, lc: 1, type: "constructor", kwargs: { content: text }, ...{ id: ["", "", "HumanMessage"] } },
          { lc: 1, type: "constructor", kwargs: { content: `Kiitos. Sait vastauksen numero ${n + 1}.` }, id: ["", "", "AIMessage"] },
        ]) });
      }
      return json({ output: reply(asked.chatInput).text });
    }
    if (path === "/icon.svg") return response.writeHead(200, { "Content-Type": TYPES[".svg"] }).end("<svg xmlns='http://www.w3.org/2000/svg'/>");
    const root = path.startsWith("/pkg/") ? join(installed, "node_modules") : path.startsWith("/embed/") ? join(here, "embed") : null;
    const found = root && normalize(join(root, path.replace(/^\/(pkg|embed)\//, "")));
    if (!found?.startsWith(root)) return response.writeHead(404).end();
    const data = file(found);
    response.writeHead(200, { "Content-Type": TYPES[extname(found)] ?? "application/octet-stream", "Content-Encoding": "gzip",
      "Content-Length": data.length }).end(data);
  } catch (error) {
    response.writeHead(error.code === "ENOENT" ? 404 : 500).end();
  }
});

// Both of Rasa's widgets speak this: the server knows a session by the id that the client kept.
const sockets = new Server(server, { allowEIO3: true, cors: { origin: true } });
sockets.on("connection", (socket) => {
  socket.on("session_request", (data) => socket.emit("session_confirm", data?.session_id || socket.id));
  socket.on("user_uttered", ({ message }) => {
    const { text, buttons } = reply(message);
    socket.emit("bot_uttered", { text,
      ...(buttons.length && { quick_replies: buttons.map((title) => ({ content_type: "text", title, payload: title })) }) });
  });
});
server.listen(Number(port), "127.0.0.1", () => console.log("ready"));
