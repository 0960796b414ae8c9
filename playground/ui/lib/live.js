/* When to draw: at most once a picture frame, and only what is on the screen. */
import {subscribe, whileEmpty} from './bus.js';
import {mark} from './origin.js';
import {onTheme} from './theme.js';

/* A press is answered first: the next picture frame is its own. What is drawn at intervals, as every chart is, and news of the run come in the
   one after it. */
let answering = false;
export const onceShown = work => requestAnimationFrame(() => setTimeout(work, 0));
['pointerdown', 'pointerup', 'keydown', 'keyup'].forEach(name => addEventListener(name, () => {
  answering = true;
  onceShown(() => { answering = false; });
}, {capture: true, passive: true}));

/* One picture frame draws for at most this long, so that a press never waits for all views together: who comes too late for a frame draws in the next. */
const BUDGET = 12;
let turn = -1, spent = 0;

/* Newest wins: however often the returned function is called, `draw` runs at most once a picture frame, and at most
   every `interval` milliseconds; what is `patient` waits until a press has been answered, unless it is `urgent`, what a person asked for. */
export function latest(draw, interval = 0, patient = false) {
  let asked = false, last = -Infinity, urgent = false;
  const frame = now => {
    if (answering && (interval || patient && !urgent)) { requestAnimationFrame(frame); return; }
    if (now - last < interval) { setTimeout(() => requestAnimationFrame(frame), interval - (now - last)); return; }
    if (now !== turn) [turn, spent] = [now, 0];
    if (spent > BUDGET) { requestAnimationFrame(frame); return; }
    asked = urgent = false;
    last = now;
    const began = performance.now();
    draw();
    spent += performance.now() - began;
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
  let dirty = true, why = 'frame', frame = null, width = 0, height = 0;
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
  const schedule = latest(paint, interval, true);
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
  const resized = () => {
    const now = element.clientWidth;
    if (now && (now !== width || innerHeight !== height)) { [width, height] = [now, innerHeight]; redraw('resize'); }
  };
  const size = new ResizeObserver(resized);
  size.observe(element);
  addEventListener('resize', resized);                         // of a window that is as wide as before
  const shown = () => { if (!document.hidden && dirty) schedule(); };
  document.addEventListener('visibilitychange', shown);
  ends.push(() => { sight.disconnect(); size.disconnect(); removeEventListener('resize', resized); document.removeEventListener('visibilitychange', shown); });
  return {redraw, close, frame: () => frame};
}
