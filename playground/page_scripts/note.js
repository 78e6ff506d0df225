// One line over the whole page, for when nothing else can be shown.
export function note(text) {
  const shown = document.querySelector(".easel-note") ?? document.createElement("p");
  shown.className = "easel-note";
  shown.setAttribute("role", "alert");
  shown.textContent = text;
  document.body.append(shown);
}
