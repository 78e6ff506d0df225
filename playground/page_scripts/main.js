// What the playground adds to SimCord's page; each module is one topic.
import "./address.js";
import "./words.js";
import "./timeline.js";
import "./command_line.js";
import "./examples.js";
import "./message_menu.js";

document.querySelector(".preview-brand strong").textContent = "Easel";
document.querySelector(".preview-brand small").textContent = "Playground";
