/* The drawer of theory: its button stands in the head, and any button that names a part ([data-theory]) opens it there. As a popover of the
   browser it closes on Escape or a press elsewhere, and gives the focus back. */
import {shownTab} from './going.js';

const WAIT = 50;
let wanted = '';

export function theory() {
  document.addEventListener('click', pressed);
  const early = document.querySelector('.theory h2');           // pressed before this script was here: its text is there already
  if (early) open('', early.closest('.theory'));
}

function pressed(event) {
  const button = /** @type {HTMLElement} */ (event.target).closest('[data-theory], .theory-open');
  if (!(button instanceof HTMLElement)) return;
  if (button.matches('.theory-open')) { open(wanted); wanted = ''; return; }
  const words = button.closest('[popover]');
  if (words instanceof HTMLElement) words.hidePopover();
  wanted = button.dataset.theory;
  document.getElementById(`theory-${shownTab()}`).click();   // Gradio's own button: it brings the text
}

async function open(part, drawer = document.getElementById(`theory-of-${shownTab()}`)) {
  if (!drawer.hasAttribute('popover')) dress(drawer);
  drawer.showPopover();
  while (!drawer.querySelector('h2')) await new Promise(done => setTimeout(done, WAIT));
  drawer.querySelectorAll('.katex-display').forEach(formula => { if (formula.scrollWidth > formula.clientWidth) formula.setAttribute('tabindex', '0'); });   // else no key scrolls it
  const found = part && [...drawer.querySelectorAll('h2')].find(each => each.textContent.trim() === part);
  if (found) found.scrollIntoView(); else drawer.scrollTop = 0;
}

function dress(drawer) {
  const close = document.createElement('button');
  Object.assign(close, {type: 'button', className: 'theory-close', textContent: '×'});
  close.setAttribute('aria-label', 'Close the theory');
  close.addEventListener('click', () => drawer.hidePopover());
  Object.entries({popover: '', role: 'dialog', 'aria-label': 'Theory', tabindex: '0'}).forEach(([name, value]) => drawer.setAttribute(name, value));
  drawer.prepend(close);
}
