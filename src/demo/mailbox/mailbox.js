// The list asks for the newest id and reloads when there is a newer one. Without script a meta refresh does it.
const shown = document.currentScript.dataset.latest;

setInterval(async () => {
  if (document.hidden) return;
  try {
    const answer = await fetch("/latest");
    if (answer.ok && (await answer.text()) !== shown) location.reload();
  } catch {
    // The demo is being restarted; the next round finds it again.
  }
}, 2000);
