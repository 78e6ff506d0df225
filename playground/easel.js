// As Discord does, scroll to the latest message when somebody opens the page or sends something.
// Also replace SimCord's name.
const GOING_MS = 2500;
const timeline = document.getElementById("channel-timeline");
let until = 0;

function go() {
  timeline.scrollTop = timeline.scrollHeight;
  if (performance.now() < until) setTimeout(go, 100);
}

function goToLatest() {
  until = performance.now() + GOING_MS;
  go();
}

document.addEventListener("submit", goToLatest, { capture: true });
document.getElementById("viewer-picker").addEventListener("change", goToLatest);
timeline.addEventListener("wheel", () => { until = 0; }, { passive: true });
goToLatest();

document.querySelector(".preview-brand strong").textContent = "Easel";
document.querySelector(".preview-brand small").textContent = "Playground";
