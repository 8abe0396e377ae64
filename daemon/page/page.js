/* SPDX-License-Identifier: EUPL-1.2 */
/* Fetches the page anew and puts in place what changed; without this script the page is as complete,
 * it only stands still. What is open stays open, what has the focus keeps it. */
"use strict";
(function () {
  const every = 10000;
  const button = document.getElementById("pause");
  const trouble = document.getElementById("trouble");
  const moment = document.getElementById("moment");
  let paused = false;
  try {
    paused = sessionStorage.getItem("paused") === "yes";
  } catch (e) { /* no storage: the choice lasts as long as the page */ }

  function show() {
    button.hidden = false;
    button.textContent = paused ? button.dataset.go : button.dataset.pause;
  }

  /* Someone who reads in it with the keyboard or has text selected is not disturbed. */
  function busy(element) {
    const selection = document.getSelection();
    return (document.activeElement !== document.body && element.contains(document.activeElement)) ||
      (selection && !selection.isCollapsed && element.contains(selection.anchorNode));
  }

  function put(element, fresh) {
    if (element.innerHTML === fresh.innerHTML || busy(element)) {
      return;
    }
    const open = Array.from(element.querySelectorAll("details[open]"), (d) => d.id);
    element.replaceChildren(...Array.from(fresh.childNodes, (n) => document.importNode(n, true)));
    for (const id of open) {
      const again = document.getElementById(id);
      if (again) {
        again.open = true;
      }
    }
  }

  async function refresh() {
    if (paused || document.hidden) {
      return;
    }
    try {
      const answer = await fetch(location.href, { cache: "no-store", credentials: "same-origin" });
      if (!answer.ok) {
        throw new Error(String(answer.status));
      }
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      for (const element of document.querySelectorAll("[data-live]")) {
        const fresh = page.getElementById(element.id);
        if (fresh) {
          put(element, fresh);
        }
      }
      trouble.textContent = "";
      moment.classList.remove("fresh");
      void moment.offsetWidth;
      moment.classList.add("fresh");
    } catch (e) {
      trouble.textContent = trouble.dataset.text;
    }
  }

  button.addEventListener("click", function () {
    paused = !paused;
    try {
      sessionStorage.setItem("paused", paused ? "yes" : "no");
    } catch (e) { /* as above */ }
    show();
    refresh();
  });
  document.addEventListener("visibilitychange", refresh);
  show();
  setInterval(refresh, every);
})();
