/** Signing out of the pages that the server makes; everything else on them works without scripts. */

import { session } from "./api.js";
import { leave } from "./sign_in.js";

const button = document.querySelector("#sign-out");
button.hidden = false;
button.addEventListener("click", async () => {
  await session().catch(() => {});
  leave(() => location.assign("/adviser"));
});
