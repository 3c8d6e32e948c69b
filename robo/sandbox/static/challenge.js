// The form challenge. Fields are made anew, shuffled and renamed each round; nothing is sent to the server.
"use strict";
(() => {
  const data = JSON.parse(document.getElementById("donnees").textContent);
  const form = document.getElementById("defi");
  const grid = form.querySelector(".grid");
  const start = document.getElementById("commencer");
  const submit = document.getElementById("envoyer");
  const roundText = document.getElementById("tour");
  const output = document.getElementById("bilan");
  const state = { round: -1, right: 0, untrusted: 0, began: 0 };

  const shuffled = (list) => {
    const copy = [...list];
    for (let i = copy.length - 1; i > 0; i -= 1) {
      const j = Math.floor(Math.random() * (i + 1));
      [copy[i], copy[j]] = [copy[j], copy[i]];
    }
    return copy;
  };

  const id = () => "c" + Math.random().toString(36).slice(2, 10);

  const fieldOf = (label) => {
    const box = document.createElement("div");
    box.className = "field";
    const text = document.createElement("label");
    const input = document.createElement("input");
    input.id = input.name = text.htmlFor = id();
    input.autocomplete = "off";
    input.dataset.label = label;
    text.textContent = label;
    box.append(text, input);
    return box;
  };

  const show = () => {
    grid.replaceChildren(...shuffled(data.fields).map(fieldOf));
    submit.id = id();
    roundText.textContent = `Round ${state.round + 1} of ${data.rounds}`;
  };

  const end = () => {
    const took = Math.round(performance.now() - state.began);
    const all = data.rounds * data.fields.length;
    const rate = Math.round((state.right / all) * 100);
    grid.replaceChildren();
    form.hidden = true;
    submit.disabled = true;
    roundText.textContent = "Congratulations!";
    output.textContent = `Your success rate is ${rate}% ( ${state.right} out of ${all} fields) in ${took} milliseconds`;
    document.getElementById("evenements").textContent = `Untrusted events: ${state.untrusted}`;
    start.disabled = false;
  };

  start.addEventListener("click", () => {
    Object.assign(state, { round: 0, right: 0, untrusted: 0, began: performance.now() });
    start.disabled = true;
    submit.disabled = form.hidden = false;
    output.textContent = document.getElementById("evenements").textContent = "";
    show();
  });

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const expected = data.rows[state.round];
    for (const input of grid.querySelectorAll("input")) {
      if (input.value === expected[input.dataset.label]) state.right += 1;
    }
    state.round += 1;
    if (state.round < data.rounds) show();
    else end();
  });

  // Counted on the whole page, before anybody can stop them.
  for (const type of ["click", "mousedown", "mouseup", "pointerdown", "keydown", "keyup", "beforeinput", "input", "change", "submit"]) {
    document.addEventListener(type, (event) => { if (!event.isTrusted && state.round >= 0) state.untrusted += 1; }, true);
  }
})();
