// What the console does beyond forms and links. Every page works without it.
const zone = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" });

function dress(part) {
  for (const time of part.querySelectorAll("time[datetime]")) {
    const at = new Date(time.dateTime);
    if (Number.isNaN(at.getTime())) continue;
    time.title = time.textContent;
    time.textContent = zone.format(at);
  }
  for (const button of part.querySelectorAll("[data-copy]")) button.hidden = false;
}
dress(document);

document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copy]");
  if (!button) return;
  const label = button.textContent;
  try {
    await navigator.clipboard.writeText(button.dataset.copy);
    button.textContent = "Copied";
  } catch {
    button.textContent = "Select the text and copy it";
  }
  setTimeout(() => { button.textContent = label; }, 2000);
});

// A part that follows what happens elsewhere: while it is looked at, it is asked for every three seconds until it says stop.
async function follow(part) {
  while (part.dataset.live) {
    await new Promise((resolve) => { setTimeout(resolve, 3000); });
    if (document.hidden || part.contains(document.activeElement)) continue;
    const fresh = await fetch(part.dataset.live, { redirect: "error" })
      .then((answer) => (answer.ok ? answer.text() : ""))
      .then((text) => new DOMParser().parseFromString(text, "text/html").getElementById(part.id))
      .catch(() => null);
    if (!fresh) continue;
    dress(fresh);
    part.dataset.live = fresh.dataset.live ?? "";
    if (fresh.innerHTML !== part.innerHTML) part.replaceChildren(...fresh.childNodes);
  }
}
for (const part of document.querySelectorAll("[data-live]")) follow(part);

// What a colour gives, while it is being chosen.
for (const input of document.querySelectorAll("[data-palette]")) {
  let timer;
  input.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(async () => {
      const answer = await fetch(`${input.dataset.palette}?color=${encodeURIComponent(input.value)}`, { redirect: "error" }).catch(() => null);
      const fresh = answer?.ok && new DOMParser().parseFromString(await answer.text(), "text/html").getElementById("palette");
      if (fresh) document.getElementById("palette").replaceWith(fresh);
    }, 150);
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

// Of the menu that scrolls sideways on a phone, the room that one is in.
document.querySelector(".side nav [aria-current]")?.scrollIntoView({ block: "nearest", inline: "center" });

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
