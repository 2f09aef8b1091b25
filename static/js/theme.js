// Light, dark or like the system, at once: what is chosen or typed on the page stays where it is.

const form = document.getElementById("preferences");

function show(theme) {
  document.documentElement.dataset.theme = theme;
  for (const button of form.querySelectorAll("[name=theme]")) {
    button.ariaPressed = button.value === theme;
  }
  const schemes = document.querySelector("meta[name=color-scheme]");
  schemes.content = theme === "system" ? "light dark" : theme;
  for (const meta of document.querySelectorAll("meta[data-scheme]")) {
    const { scheme } = meta.dataset;
    const chosen = theme === scheme ? "all" : "not all";
    meta.media = theme === "system" ? `(prefers-color-scheme: ${scheme})` : chosen;
  }
}

form.addEventListener("submit", (event) => {
  const button = event.submitter;
  if (button.name !== "theme") return;
  event.preventDefault();
  show(button.value);
  const body = new FormData(form, button);
  fetch(button.formAction, { method: "POST", body, redirect: "manual", keepalive: true });
});
