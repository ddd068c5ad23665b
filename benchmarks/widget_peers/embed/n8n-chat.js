// As its README shows; the server gives the previous session back.
import { createChat } from "/pkg/@n8n/chat/dist/chat.bundle.es.js";

const link = Object.assign(document.createElement("link"), { rel: "stylesheet", href: "/pkg/@n8n/chat/dist/style.css" });
document.head.append(link);
createChat({
  webhookUrl: `${location.origin}/n8n`, initialMessages: ["Hei. Haluatko töihin?"],
  i18n: { en: { title: "Chatti", subtitle: "", footer: "", getStarted: "Aloita", inputPlaceholder: "Kirjoita viesti" } },
});
