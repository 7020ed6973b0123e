// Everything works without this file. It adds: live status, times in the reader's zone, no double submit.

const page = document.documentElement;
const status = document.querySelector("[data-events]");
// The list of apps stands in a shadow root of its own.
const guarded = document.querySelector("[data-consent]")?.shadowRoot ?? document;

// The reader's own way to write a date, unless that is another language than the page's.
const language = navigator.languages.find((tag) => tag.split("-")[0] === page.lang.split("-")[0]) ?? page.lang;
for (const time of document.querySelectorAll("time[datetime]")) {
  const at = new Date(time.dateTime);
  if (Number.isNaN(at.getTime())) continue;
  time.title = time.textContent;
  time.textContent = new Intl.DateTimeFormat(language, {
    weekday: "short", day: "numeric", month: "short", hour: "numeric", minute: "2-digit", timeZoneName: "short", numberingSystem: "latn",
  }).format(at);
}

// This event does not leave a shadow root.
guarded.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.dataset.busy) {
    event.preventDefault();
    return;
  }
  form.dataset.busy = "true";
  form.querySelector("button[type=submit]")?.setAttribute("aria-disabled", "true");
});

// Coming back with the browser's Back button shows the old page: its buttons must work again.
addEventListener("pageshow", () => {
  for (const form of guarded.querySelectorAll("form[data-busy]")) {
    delete form.dataset.busy;
    form.querySelector("[aria-disabled]")?.removeAttribute("aria-disabled");
  }
});

const typing = () => guarded.activeElement?.matches("input, textarea");

function reload() {
  // The reader is on the way to another page already, and a reload would call them back.
  if (guarded.querySelector("form[data-busy]")) return;
  if (typing()) {
    document.addEventListener("focusout", () => setTimeout(reload), { once: true });
  } else {
    location.reload();
  }
}

const STATES = {
  pending: "awaiting", fulfilled: "connected", held: "held", declined: "declined",
  cancelled: "no-longer-needed", revoked: "no-longer-needed", expired: "no-longer-needed",
};

// Shows what can be shown in place. Answers whether the page needs new markup.
function show({ id, status, account }) {
  const card = guarded.querySelector(`[data-item="${CSS.escape(id)}"]`);
  const state = STATES[status];
  if (!card || !state || state === card.dataset.state) return false;
  if (state !== "connected") return true;
  card.dataset.state = state;
  const badge = guarded.querySelector("template[data-connected]").content.cloneNode(true);
  card.querySelector("[data-badge]").replaceChildren(badge);
  const todo = card.querySelector("[data-todo]");
  if (todo?.contains(guarded.activeElement)) {
    // The focused button goes away; the reader stays at the same card.
    const name = card.querySelector("h3");
    name.tabIndex = -1;
    name.focus({ preventScroll: true });
  }
  todo?.remove();
  card.querySelector(".explain")?.remove();
  const label = card.querySelector("[data-account]");
  label.textContent = account ?? "";
  label.hidden = !account;
  return false;
}

function progress(event) {
  const { fulfilled, total, items } = JSON.parse(event.data);
  const stale = items.map(show).some(Boolean);
  const count = document.getElementById("count");
  const words = status.dataset.words.replace("{fulfilled}", fulfilled).replace("{total}", total);
  if (count.textContent !== words) count.textContent = words;
  const bar = document.getElementById("bar");
  bar.max = total;
  bar.value = fulfilled;
  if (stale || fulfilled === total) renew(event.data);
}

// The same news never reloads twice: should page and stream disagree, the reader is not caught in a loop.
function renew(news) {
  if (sessionStorage.getItem("news") === news) return;
  sessionStorage.setItem("news", news);
  reload();
}

if (status) {
  const events = new EventSource(status.dataset.events);
  events.addEventListener("progress", progress);
  events.addEventListener("state", ({ data }) => data !== status.dataset.seen && renew(data));
  events.addEventListener("ended", () => {
    // Else the browser would ask again and again for what is over.
    events.close();
    reload();
  });
}

// Passkeys: asks the browser's authenticator and puts its answer into the form. The page has another way beside it.
const bytes = (text) => Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (letter) => letter.charCodeAt(0));
const encoded = (buffer) =>
  btoa(String.fromCharCode(...new Uint8Array(buffer))).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");

async function passkey({ publicKey }) {
  publicKey.challenge = bytes(publicKey.challenge);
  if (!publicKey.user) return navigator.credentials.get({ publicKey });
  publicKey.user.id = bytes(publicKey.user.id);
  for (const known of publicKey.excludeCredentials ?? []) known.id = bytes(known.id);
  return navigator.credentials.create({ publicKey });
}

function plain({ id, rawId, type, response }) {
  const parts = {};
  for (const name of ["clientDataJSON", "attestationObject", "authenticatorData", "signature", "userHandle"]) {
    if (response[name]) parts[name] = encoded(response[name]);
  }
  return { id, rawId: encoded(rawId), type, extensions: {}, response: parts };
}

for (const form of document.querySelectorAll("form[data-passkey]")) {
  form.addEventListener("submit", async (event) => {
    const { answer } = form.elements;
    if (answer.value) return;
    event.preventDefault();
    // A refusal is sent too, as no answer: the page then says what to do.
    const credential = await passkey(JSON.parse(form.dataset.passkey)).catch(() => null);
    answer.value = credential ? JSON.stringify(plain(credential)) : "none";
    form.submit();
  });
}
