// As its README shows; sessions are kept in its own storage, across tabs too.
const script = document.createElement("script");
script.src = "/pkg/@auroraai-bot-platform/rasa-webchat/lib/index.js";
script.onload = () => window.WebChat.default({
  initPayload: "/aloita", socketUrl: location.origin, title: "Chatti", customData: { language: "fi" },
  inputTextFieldHint: "Kirjoita viesti", params: { storage: "local" },
}, null);
document.head.append(script);
