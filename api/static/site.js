/** The demonstration page's own button opens the chat, as a municipality's page could do it. */
document.querySelector("#open-chat")?.addEventListener("click", async () => {
  await customElements.whenDefined("tienviitta-chat");
  document.querySelector("tienviitta-chat").show();
});
