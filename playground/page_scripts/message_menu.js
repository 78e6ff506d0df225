// The context menu of a message: a button beside it, a right click, or a long press.
import { say } from "./command_line.js";
import { ask } from "./requests.js";

const list = document.getElementById("channel-message-list");
const menu = document.createElement("div");
menu.className = "easel-menu";
menu.setAttribute("role", "menu");
menu.hidden = true;
document.body.append(menu);

async function open(message, x, y) {
  const names = await (await ask("/easel/menu")).json();
  if (!names.length) return;
  menu.replaceChildren(...names.map((name) => item(name, message)));
  menu.hidden = false;
  menu.style.left = `${Math.max(8, Math.min(x, innerWidth - menu.offsetWidth - 8))}px`;
  menu.style.top = `${Math.max(8, Math.min(y, innerHeight - menu.offsetHeight - 8))}px`;
  menu.firstElementChild.focus();
}

function item(name, message) {
  const button = document.createElement("button");
  button.type = "button";
  button.setAttribute("role", "menuitem");
  button.textContent = name;
  button.addEventListener("click", async () => {
    close();
    const answer = await ask("/easel/menu", { name, message: message.dataset.messageId });
    if (!answer.ok) say(`“${name}” cannot be used on this message, so please choose another one.`);
  });
  return button;
}

function close() { menu.hidden = true; }

function addButtons() {
  for (const toolbar of list.querySelectorAll(".message-context-actions")) {
    if (toolbar.querySelector(".easel-apps")) continue;
    const button = document.createElement("button");
    button.type = "button";
    button.className = "message-action-button easel-apps";
    button.textContent = "⋯";
    button.title = "Apps";
    button.setAttribute("aria-label", "Apps");
    button.setAttribute("aria-haspopup", "menu");
    toolbar.append(button);
  }
}

list.addEventListener("click", (event) => {
  const button = event.target.closest(".easel-apps");
  if (!button) return;
  event.stopPropagation();
  const { left, bottom } = button.getBoundingClientRect();
  open(button.closest("[data-message-id]"), left, bottom);
});
list.addEventListener("contextmenu", (event) => {
  const message = event.target.closest("[data-message-id]");
  if (!message || event.target.closest("img, a")) return;
  event.preventDefault();
  open(message, event.clientX, event.clientY);
});
document.addEventListener("click", (event) => { if (!menu.contains(event.target)) close(); });
document.addEventListener("keydown", (event) => { if (event.key === "Escape") close(); });
new MutationObserver(addButtons).observe(list, { childList: true, subtree: true });
