/* On every page of a server with a teacher: the line that the teacher says to all, until it is taken back or closed here. */
import {button, node} from '../ui/lib/nodes.js';

const EVERY = 2500;
const bar = node('div', 'teacher-says');
bar.setAttribute('role', 'status');
document.body.append(bar);
let shown = 0;

async function look() {
  try {
    const {text, number} = await (await fetch('teacher-says', {cache: 'no-store'})).json();
    if (number === shown) return;
    shown = number;
    bar.replaceChildren(...(text ? [node('p', '', text), button('×', '', () => bar.replaceChildren(), {ariaLabel: 'Close the message'})] : []));
  } catch { /* the page itself says that the server does not answer */ }
}

async function follow() {
  if (!document.hidden) await look();
  setTimeout(follow, EVERY * (0.75 + Math.random() / 2));   // a class does not ask all at once
}
follow();
