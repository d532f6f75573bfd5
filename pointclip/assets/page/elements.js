// Small helpers of the page: elements, tabs, and what the data hold as text.
const $ = id => document.getElementById(id);
const percent = p => (100 * p).toFixed(1);
const ranking = probabilities => [...probabilities.keys()].sort((a, b) => probabilities[b] - probabilities[a]);

function make(tag, text, attributes = {}) {
  const element = document.createElement(tag);
  element.textContent = text;  // never markup: names of files and classes are not ours
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  return element;
}

const bytes = text => Uint8Array.from(atob(text), c => c.charCodeAt(0));
const decode = (text, extent) => Float32Array.from(new Int16Array(bytes(text).buffer), v => v / 32767 * extent);

function tabs(box, buttons, choose) {  // click, and arrow keys as people expect of tabs
  buttons.forEach((button, i) => {
    button.setAttribute("role", "tab");
    button.type = "button";
    button.addEventListener("click", () => choose(i));
    button.addEventListener("keydown", e => {
      const step = { ArrowLeft: -1, ArrowRight: 1 }[e.key];
      if (!step) return;
      const next = (i + step + buttons.length) % buttons.length;
      choose(next);
      box.children[next].focus();
    });
  });
  box.replaceChildren(...buttons);
}

function mark(box, chosen) {
  [...box.children].forEach((button, i) => {
    button.setAttribute("aria-selected", i === chosen);
    button.tabIndex = i === chosen ? 0 : -1;
  });
}
