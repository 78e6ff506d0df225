// The page's own words, for people who want to try a bot and do not test one.
const LOST = "The answer did not arrive: please load the page again.";
const OVER = "The playground has ended.";
const WORDS = {
  "Action outcome uncertain. It will not be retried.": LOST,
  "Action outcome is uncertain; it will not be retried.": LOST,
  "Action was not completed.": "Not sent",
  "Action is awaiting a confirmed result.": "Waiting for the answer",
  "Action completed": "Sent",
  "Callback completed": "Done",
  "Completing action…": "One moment…",
  "Updating preview…": "Loading…",
  "Loading preview…": "Loading…",
  "Updating viewport…": "Loading…",
  "Switching viewer…": "Switching…",
  "Viewer switched": "",
  "Viewport updated": "",
  "Preview ready": "",
  "Preview refreshed": "",
  "Conversation updated": "",
  "Options updated": "",
  "Message results updated": "",
  "Message sent": "Sent",
  "Message opened": "",
  "Access to this preview is unavailable.": "",
  "Preview session is unavailable. Reload the active Preview URL.": OVER,
  "Preview session closed.": OVER,
  "Preview session ended.": OVER,
};

function translate(element) {
  const said = element.textContent;
  const words = WORDS[said];
  if (words !== undefined && words !== said) element.textContent = words;
}

for (const id of ["action-status", "live-status"]) {
  const element = document.getElementById(id);
  new MutationObserver(() => translate(element)).observe(element, { childList: true });
  translate(element);
}
