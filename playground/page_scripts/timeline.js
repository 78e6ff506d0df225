// The newest message stays in view until somebody scrolls up, and focus is never lost.
const NEAR = 48;
const timeline = document.getElementById("channel-timeline");
const list = document.getElementById("channel-message-list");
let following = true;
let lastUsed = null;

function isAtEnd() {
  return timeline.scrollHeight - timeline.scrollTop - timeline.clientHeight < NEAR;
}

function follow() {
  if (following) timeline.scrollTop = timeline.scrollHeight;
}

function startFollowing() {
  following = true;
  follow();
}

// Only a person scrolls with these; otherwise the page itself does, when it shows something.
const PERSON_MS = 400;
let usedAt = -PERSON_MS;
for (const gesture of ["wheel", "touchmove", "pointerdown", "pointermove", "keydown"]) {
  timeline.addEventListener(gesture, (event) => {
    if (gesture !== "pointermove" || event.buttons) usedAt = performance.now();
  }, { passive: true });
}
timeline.addEventListener("scroll", () => {
  if (performance.now() - usedAt < PERSON_MS) following = isAtEnd();
  else follow();
}, { passive: true });
document.addEventListener("submit", startFollowing, { capture: true });
document.getElementById("viewer-picker").addEventListener("change", startFollowing);
const sizes = new ResizeObserver(follow);
sizes.observe(list);
sizes.observe(timeline);

// Whose message was used last: when it disappears, focus goes to the message below.
for (const use of ["focusin", "click"]) {
  list.addEventListener(use, (event) => { lastUsed = event.target.closest("[data-message-id]"); });
}
new MutationObserver((changes) => {
  for (const { removedNodes, nextSibling, previousSibling } of changes) {
    if (![...removedNodes].includes(lastUsed)) continue;
    const isLost = document.activeElement === document.body || !document.activeElement.isConnected;
    const next = nextSibling ?? previousSibling;
    lastUsed = null;
    if (!isLost || !next?.dataset?.messageId) continue;
    next.tabIndex = -1;
    next.focus({ preventScroll: true });
  }
}).observe(list, { childList: true });
