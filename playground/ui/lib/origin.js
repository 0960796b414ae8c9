/* Whose result is this? Every card of a study, of fresh samples and of a question says which model it is of and at which step, and
   greys once the tab shows another model, or the same one after it has learned on. An origin is {about, run, model, step}, as in
   page/frames.py; a model from elsewhere has no run and never grows old. */
import {lastFrame, subscribe} from './bus.js';
import {thousands} from './format.js';

const known = new Map();                                     // element -> origins
const watched = new Set();                                   // channels of models
const CHANNEL = {latent_diffusion: 'diffusion'};
const AT_WORK = ['starting', 'running'];

const shown = origin => (origin.run ? lastFrame(CHANNEL[origin.model] || origin.model) : null);
const same = (frame, origin) => Boolean(frame) && [frame.run, frame.watch].includes(origin.run);
const other = origin => { const frame = shown(origin); return Boolean(frame && !same(frame, origin)); };
/* A model that is learning is always a little further: that alone makes no result old. */
const behind = origin => {
  const frame = shown(origin);                               // a moment of the past is asked through the nearest weights kept before it
  return Boolean(same(frame, origin) && frame.replay == null && origin.step != null && frame.step > origin.step && !AT_WORK.includes(frame.status));
};
const words = origin => `${origin.about}${origin.step == null ? '' : `, step ${thousands(origin.step)}`}`;

function draw(element) {
  const origins = known.get(element), stale = origins.some(other) ? 'of an earlier model: ' : origins.some(behind) ? 'of an earlier step: ' : '';
  const text = stale + origins.map(words).join('; ');
  element.querySelectorAll('.pg-step').forEach(node => {
    if (node.textContent !== text) node.textContent = node.title = text;
    node.classList.toggle('pg-old', Boolean(stale));
  });
  grey(element, Boolean(stale));
}

const grey = (element, on) => element.querySelectorAll('.pg-card').forEach(card => card.classList.toggle('pg-stale', on));

function refresh() {
  for (const element of known.keys()) { if (element.isConnected) draw(element); else known.delete(element); }
}

/* Says what all that `element` shows is of, from now on; `null`: it shows no result. */
export function mark(element, origins) {
  if (!origins || !origins.length) {
    if (!known.delete(element)) return;
    grey(element, false);
    element.querySelectorAll('.pg-step').forEach(node => { node.textContent = node.title = ''; node.classList.remove('pg-old'); });
    return;
  }
  known.set(element, origins);
  for (const {run, model} of origins) {
    const channel = CHANNEL[model] || model;
    if (run && !watched.has(channel)) { watched.add(channel); subscribe(channel, refresh); }
  }
  draw(element);
}
