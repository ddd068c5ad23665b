// With its quick replies ("suggestion buttons") and its storage on.
import "/pkg/deep-chat/dist/deepChat.bundle.js";

const chat = document.createElement("deep-chat");
const html = ({ text, buttons }) =>
  `<p>${text}</p>${buttons.map((title) => `<button class="deep-chat-button deep-chat-suggestion-button">${title}</button>`).join("")}`;
chat.browserStorage = { key: "deep-chat" };
chat.textInput = { placeholder: { text: "Kirjoita viesti" } };
chat.introMessage = { html: html({ text: "Hei. Haluatko töihin?", buttons: ["Kyllä", "Ei"] }) };
chat.connect = {
  handler: async (body, signals) => {
    try {
      const answer = await fetch("/say", { method: "POST", body: JSON.stringify({ text: body.messages[0].text }) });
      const reply = await answer.json();
      signals.onResponse(reply.buttons.length ? { html: html(reply) } : { text: reply.text });
    } catch (error) {
      signals.onResponse({ error: String(error) });
    }
  },
};
document.querySelector("#mount").append(chat);
