/**
 * The chat widget of Tienviitta. On a page of your own:
 *   <script type="module" src="https://chat.example/widget.js"></script>
 *   <tienviitta-chat></tienviitta-chat>
 */
import { defineChat } from "./static/widget/element.js";

defineChat(new URL(".", import.meta.url));
