// Typing a command as in Discord. What is sent as text, the playground's server reads; here the
// text becomes options as it is typed, and one line says why something cannot be sent.
import { onAnswer } from "./requests.js";

const form = document.getElementById("channel-composer");
const input = document.getElementById("channel-composer-input");
const line = document.createElement("p");
line.className = "easel-line";
line.setAttribute("role", "alert");
line.hidden = true;
form.before(line);

// The commands that the viewer may use.
let commands = [];
onAnswer("/api/commands", (catalogue) => { commands = catalogue.entries; });

/** Say one line above the composer, or nothing. */
export function say(text) {
  line.textContent = text ?? "";
  line.hidden = !text;
}
onAnswer("/api/action", (answer) => { if (answer.playgroundLine) say(answer.playgroundLine); });
for (const event of ["input", "submit"]) form.addEventListener(event, () => say(), { capture: true });

// The page drops what is sent while it waits for something else, such as suggestions.
function isBusy() {
  const { pendingAction, awaitingRevision, publishedRevision } = window.simcordPreview;
  return Boolean(pendingAction) || (awaitingRevision ?? 0) > publishedRevision;
}
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
async function untilIdle() { while (isBusy()) await pause(50); }

let isWaiting = false;
form.addEventListener("submit", async (event) => {
  if (!isBusy()) return;
  event.preventDefault();
  event.stopImmediatePropagation();
  if (isWaiting) return;
  isWaiting = true;
  await untilIdle();
  isWaiting = false;
  form.requestSubmit();
}, { capture: true });

function draft() {
  const name = form.querySelector(".command-chip")?.textContent.slice(1);
  return commands.find((command) => command.invocation === name);
}
const option = (name) => draft()?.options.find((each) => each.name === name);
const pill = (name) => form.querySelector(`.command-pill[data-option="${name}"]`);

// A space after the whole name of a command takes it from the list, before the next key.
form.addEventListener("input", ({ target, inputType, isComposing }) => {
  if (target !== input || inputType !== "insertText" || isComposing) return;
  [...form.querySelectorAll(".command-entry")]
    .find((each) => `${each.querySelector("strong").textContent} ` === input.value)?.click();
});

// What is typed after a command that needs no option is not lost: it is text again until it names
// an option. Without that the whole text is sent, and the playground's server reads it.
let textCommand = "";
form.addEventListener("keydown", (event) => {
  const { key, target, isComposing, ctrlKey, metaKey, altKey } = event;
  if (isComposing || ctrlKey || metaKey || altKey) return;
  if (!target.matches(".command-chip") || key.length !== 1 || key === " ") return;
  if (form.querySelector(".command-pill")) return;
  event.preventDefault();
  event.stopPropagation();
  textCommand = target.textContent;
  form.querySelector(".command-context-close").click();
  write(input, `${textCommand} ${key}`);
  input.focus();
  input.setSelectionRange(input.value.length, input.value.length);
}, { capture: true });
form.addEventListener("input", ({ target, isComposing }) => {
  if (target !== input || isComposing || !textCommand) return;
  const typed = input.value;
  const rest = typed.startsWith(`${textCommand} `) ? typed.slice(textCommand.length + 1) : "";
  const [, name, value] = rest.match(/^([a-z][a-z0-9_-]*):([^:/])$/) ?? [];
  if (!name) return;
  const command = textCommand;
  textCommand = "";
  write(input, command);
  [...form.querySelectorAll(".command-entry")]
    .find((each) => each.querySelector("strong").textContent === command)?.click();
  if (option(name)) {
    open(name);
    const field = pill(name)?.querySelector(".command-option-input");
    field?.focus();
    if (field && value.trim()) write(field, value);
  } else {
    form.querySelector(".command-context-close")?.click();
    write(input, typed);
  }
});

// "name: value" inside an option goes to the option of that name.
form.addEventListener("input", ({ target: field, isComposing }) => {
  if (isComposing || !field.matches(".command-option-input")) return;
  const found = [...field.value.matchAll(/(^|\s)([a-z][a-z0-9_-]*):(?=[^:/])/g)].find((mark) => option(mark[2]));
  if (!found) return;
  const [mark, , name] = found;
  const before = field.value.slice(0, found.index).trimEnd();
  const value = field.value.slice(found.index + mark.length).trimStart();
  if (name === field.dataset.option) {
    if (!before) write(field, value);
    return;
  }
  if (pill(name)?.querySelector("input")?.value) return;
  write(field, before);
  open(name);
  const next = pill(name)?.querySelector(".command-option-input");
  next?.focus();
  if (next && value) write(next, value);
});

/** Write into a field as if it was typed. */
export function write(field, value) {
  field.value = value;
  field.dispatchEvent(new Event("input", { bubbles: true }));
}

function open(name) {
  if (pill(name)) return;
  form.querySelector(".command-ghost")?.click();
  [...form.querySelectorAll(".command-suggestion")].find((each) => each.dataset.value === name)?.click();
}

// Enter sends what was typed, unless somebody went to a suggestion with the arrow keys.
let hasChosen = false;
form.addEventListener("keydown", (event) => {
  const { key, target, isComposing } = event;
  if (isComposing) return;
  if (key.startsWith("Arrow")) hasChosen = true;
  else if (key !== "Enter") hasChosen = false;
  if (key === "Enter" && !hasChosen && (isWhole(target) || isName(target))) {
    event.preventDefault();
    event.stopPropagation();
    if (isName(target)) sendWithName(target);
    else form.requestSubmit();
  }
  if (key === "Backspace" && target.matches(".command-option-input") && !target.value) {
    const remove = target.closest(".command-pill").querySelector(".command-option-remove");
    if (!remove) return;
    event.preventDefault();
    event.stopPropagation();
    remove.click();
    form.querySelector(".command-pill:last-of-type input, .command-chip")?.focus();
  }
}, { capture: true });

function isWhole(target) {
  if (target.matches(".command-chip")) return true;
  const typed = target.matches(".command-option-input") && target.value.trim().toLowerCase();
  if (!typed) return false;
  const { autocomplete, choices, type } = option(target.dataset.option) ?? {};
  if (type === "boolean") return ["true", "false"].includes(typed);
  return autocomplete || choices?.some(({ name, value }) => [name, value].some((each) => String(each).toLowerCase() === typed));
}

const isName = (target) => target.matches(".command-option-input") && target.value
  && ["user", "role", "channel", "mentionable"].includes(option(target.dataset.option)?.type);

// The page finds names only without the mark that people type before them.
form.addEventListener("input", ({ target }) => {
  if (isName(target)) target.value = target.value.replace(/^[@#]/, "");
}, { capture: true });

// The page asks its server who is meant; the answer is a suggestion of that name.
async function sendWithName(target) {
  const typed = target.value.toLowerCase();
  for (let tries = 0; tries < 20; tries += 1) {
    const found = [...form.querySelectorAll(".command-suggestion")]
      .find((each) => each.querySelector(".command-suggestion-label").textContent.toLowerCase() === typed);
    found?.click();
    if (found) break;
    await pause(100);
  }
  form.requestSubmit();
}

// Discord asks for suggestions as soon as an option has focus, the page only after a key.
form.addEventListener("focusin", ({ target }) => setTimeout(() => {
  const isEmpty = target.matches(".command-option-input") && !target.value && document.activeElement === target;
  if (isEmpty && option(target.dataset.option)?.autocomplete && form.querySelector(".command-empty")) {
    target.dispatchEvent(new Event("input", { bubbles: true }));
  }
}));

// The page says at once that nothing matches, also while it asks and after something was chosen.
const NOTHING = "No options match";
const LOADING = "Loading…";
let questions = 0;
let chosen = [];
form.addEventListener("input", async ({ target }) => {
  if (!target.matches(".command-option-input") || !option(target.dataset.option)?.autocomplete) return;
  questions += 1;
  await pause(400);
  await untilIdle();
  questions -= 1;
  sayWhatIsOffered();
});
form.addEventListener("click", ({ target }) => {
  const choice = target.closest(".command-suggestion");
  if (choice) chosen = [choice.dataset.value, choice.querySelector(".command-suggestion-label").textContent];
}, { capture: true });

function sayWhatIsOffered() {
  const empty = form.querySelector(".command-empty");
  if (![NOTHING, LOADING].includes(empty?.textContent)) return;
  if (chosen.includes(document.activeElement.value)) empty.closest(".command-popup").hidden = true;
  const words = questions ? LOADING : NOTHING;
  if (empty.textContent !== words) empty.textContent = words;
}

let wasComposing = false;
// After each change: descriptions of options, no button to remove one on the way of Tab, and focus.
new MutationObserver(() => {
  for (const mark of form.querySelectorAll(".command-suggestion-ellipsis")) {
    const name = mark.closest(".command-suggestion").dataset.value;
    const { description } = option(name) ?? {};
    if (description && mark.textContent !== description) mark.textContent = description;
  }
  sayWhatIsOffered();
  for (const button of form.querySelectorAll(".command-option-remove, .command-file-remove")) button.tabIndex = -1;
  const isComposing = form.querySelector(".command-row") !== null;
  if (wasComposing && !isComposing && document.activeElement === document.body) input.focus();
  wasComposing = isComposing;
}).observe(form, { childList: true, subtree: true });
form.addEventListener("click", ({ target }) => {
  if (!target.closest(".command-suggestion")) return;
  setTimeout(() => {
    if (document.activeElement === document.body) form.querySelector(".command-chip")?.focus();
  });
});

// The list above the composer moves when the options take another row.
new ResizeObserver(() => window.dispatchEvent(new Event("resize"))).observe(form);
