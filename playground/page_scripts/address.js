// The page's key is the part of its address after "#". The browser remembers it for this port,
// so that the address without it works too; where it cannot, the page says what to do.
import { note } from "./note.js";
import { onRefusal } from "./requests.js";

const KEY = "easel-key";
const WHAT_TO_DO = "Open the whole address that the terminal shows: it ends with # and a key.";
const key = location.hash || localStorage.getItem(KEY);
if (location.hash) localStorage.setItem(KEY, location.hash);
else if (key) history.replaceState(null, "", key);
else note(WHAT_TO_DO);

onRefusal(() => {
  localStorage.removeItem(KEY);
  note(WHAT_TO_DO);
});
