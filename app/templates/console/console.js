// What the console does beyond forms and links. Every page works without it.
const zone = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" });
for (const time of document.querySelectorAll("time[datetime]")) {
  const at = new Date(time.dateTime);
  if (Number.isNaN(at.getTime())) continue;
  time.title = time.textContent;
  time.textContent = zone.format(at);
}

for (const button of document.querySelectorAll("[data-copy]")) {
  button.hidden = false;
  const label = button.textContent;
  button.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(button.dataset.copy);
      button.textContent = "Copied";
    } catch {
      button.textContent = "Select the text and copy it";
    }
    setTimeout(() => { button.textContent = label; }, 2000);
  });
}

// A form is sent once, unless its answer is a file.
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (event.submitter?.formTarget) return;
  if (form.dataset.sent) { event.preventDefault(); return; }
  if (form.method === "post" && !("again" in form.dataset)) form.dataset.sent = "1";
});
addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll("form[data-sent]")) delete form.dataset.sent;
});

// What is wrong comes first.
document.querySelector("[aria-invalid]")?.focus();

// The composer's preview follows what is typed: the one that was looked at last.
const composer = document.querySelector("form[data-preview]");
if (composer) {
  const buttons = composer.querySelectorAll("[data-show]");
  let shown = buttons[0];
  let timer;
  const show = () => composer.requestSubmit(shown);
  for (const button of buttons) button.addEventListener("click", () => { shown = button; });
  composer.addEventListener("input", () => { clearTimeout(timer); timer = setTimeout(show, 1200); });
  show();
}
