/* When to draw: at most once a picture frame, and only what is on the screen. */
import {subscribe, whileEmpty} from './bus.js';
import {mark} from './origin.js';
import {onTheme} from './theme.js';

/* A press is answered first: what is drawn at intervals, such as a chart, waits until the page has shown the answer. */
const BREATH = 120, PATIENCE = 600;
let pressed = -Infinity;
['pointerdown', 'pointerup', 'keydown', 'keyup'].forEach(name => addEventListener(name, () => { pressed = performance.now(); }, {capture: true, passive: true}));

/* Newest wins: however often the returned function is called, `draw` runs at most once a picture frame, and at most
   every `interval` milliseconds; `urgent`, what a person asked for, does not wait for a press to be answered. */
export function latest(draw, interval = 0) {
  let asked = false, last = -Infinity, urgent = false;
  const frame = now => {
    if (interval && !urgent && now - pressed < BREATH && now - last < interval + PATIENCE) { setTimeout(() => requestAnimationFrame(frame), BREATH); return; }
    if (now - last < interval) { setTimeout(() => requestAnimationFrame(frame), interval - (now - last)); return; }
    asked = urgent = false;
    last = now;
    draw();
  };
  return (soon = false) => { urgent ||= soon; if (!asked) { asked = true; requestAnimationFrame(frame); } };
}

/* On screen: not in a closed tab or accordion and not scrolled far away. */
export function visible(element) {
  if (!element.isConnected || document.hidden) return false;
  const box = element.getBoundingClientRect();
  return box.width > 0 && box.bottom > -100 && box.top < innerHeight + 100;
}

/* The life of a view: `draw(payload, frame, why)` is called when there is something new and it can be seen - new
   frames, another theme, another width, scrolled or switched into sight. `views` are names in `frame.views`; `payload`
   is the first one (or null before there is any). Options: {element, tab, views, draw, interval}. */
export function live({element, tab, views, draw, interval = 0}) {
  const seen = {};
  let words = element.querySelector('.pg-empty span'), first = words ? words.textContent : '';
  let dirty = true, why = 'frame', frame = null, width = 0;
  /* Another sentence is another node: it has no place that it would have moved from. */
  const say = text => {
    if (!words || words.textContent === text) return;
    const next = words.cloneNode();
    next.textContent = text;
    words.replaceWith(next);
    words = next;
  };
  const paint = () => {
    if (!dirty || !visible(element)) return;
    dirty = false;
    say(whileEmpty(tab, first));
    const payloads = views.map(name => (frame && frame.views[name]) || null);
    try { draw(payloads[0], frame, why, payloads); } catch (error) { console.error(error); }
    if (frame && frame.of && frame.of.length) mark(element, payloads[0] ? frame.of : null);
    why = 'frame';
  };
  const schedule = latest(paint, interval);
  const redraw = reason => { dirty = true; why = reason || 'redraw'; schedule(true); };
  const ends = [];
  const close = () => ends.forEach(end => end());
  ends.push(onTheme(() => redraw('theme')));
  ends.push(subscribe(tab, newest => {
    if (frame && !element.isConnected) { setTimeout(() => { if (!element.isConnected) close(); }, 5000); return; }
    const run = newest && newest.run;
    const changed = !frame || !newest || frame.run !== run || (frame.status !== newest.status && !newest.views[views[0]])
      || views.some(name => seen[name] !== (newest && newest.views[name]));
    frame = newest;
    views.forEach(name => { seen[name] = newest && newest.views[name]; });
    if (changed) { dirty = true; schedule(); }
  }));
  const sight = new IntersectionObserver(entries => { if (entries.some(e => e.isIntersecting) && dirty) schedule(); },
                                         {rootMargin: '100px'});
  sight.observe(element);
  const size = new ResizeObserver(() => {
    const now = element.clientWidth;
    if (now && now !== width) { width = now; redraw('resize'); }
  });
  size.observe(element);
  const shown = () => { if (!document.hidden && dirty) schedule(); };
  document.addEventListener('visibilitychange', shown);
  ends.push(() => { sight.disconnect(); size.disconnect(); document.removeEventListener('visibilitychange', shown); });
  return {redraw, close, frame: () => frame};
}
