// A command that a message shows goes into the composer when somebody clicks on it.
import { write } from "./command_line.js";

const list = document.getElementById("channel-message-list");
const form = document.getElementById("channel-composer");
const input = document.getElementById("channel-composer-input");
const SHOWN = "code, .command-mention";

function mark() {
  for (const shown of list.querySelectorAll(SHOWN)) {
    if (!/^\/[a-z]/.test(shown.textContent) || shown.role === "button") continue;
    shown.role = "button";
    shown.tabIndex = 0;
    shown.title = "Put this into the composer";
    shown.classList.add("easel-command");
  }
}

function put(command) {
  form.querySelector(".command-context-close")?.click();
  write(input, command.trim());
  input.focus();
}

function use(event) {
  const shown = event.target.closest?.(".easel-command");
  if (!shown || (event.type === "keydown" && event.key !== "Enter")) return;
  event.preventDefault();
  put(shown.textContent);
}

list.addEventListener("click", use);
list.addEventListener("keydown", use);
new MutationObserver(mark).observe(list, { childList: true, subtree: true });
