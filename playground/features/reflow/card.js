/* Payload: shape.py. */
import {line} from '../../ui/lib/bars.js';
import {blindness} from '../../ui/lib/blindness.js';
import {significant, thousands, withError} from '../../ui/lib/format.js';
import {live} from '../../ui/lib/live.js';
import {html} from '../../ui/lib/svg.js';
import {result} from './result.js';

const COLOURS = {before: 'var(--class-3)', after: 'var(--role-samples)', floor: 'var(--role-data)'};

/* One line: `found` is [mean, spread], or null while it is to come. */
const reading = (label, of, found, top, fresh = false, more = '') => line(label, found && {value: found[0], error: found[1], colour: COLOURS[of]}, [0, top],
  [found ? withError(...found) : 'to come', ...(more ? [html('small', '', more)] : [])], fresh ? 'reflow-new' : '');

const heading = (text, small) => html('h4', '', text, html('small', '', small));

/** @typedef {import('../../ui/lib/payloads.d.ts').Reflow} Reflow */
/** @typedef {import('../../ui/lib/payloads.d.ts').ReflowSide} ReflowSide */

export function mount({element, props}) {
  const empty = element.querySelector('.pg-empty'), note = element.querySelector('.pg-note');
  const message = element.querySelector('.reflow-message'), how = element.querySelector('.reflow-how');
  const part = name => element.querySelector(`[data-part="${name}"]`);

  /** @param {Reflow} payload */
  function drawStraightness(payload) {
    const {before, after} = payload, top = Math.max(before.straightness[0] + before.straightness[1], after ? after.straightness[0] : 0, 1e-9);
    part('straightness').replaceChildren(heading('Straightness S of the paths', 'mean ± standard error; 0 is straight, at constant speed'),
      reading('before', 'before', before.straightness, top), reading('after', 'after', after && after.straightness, top));
  }

  /** Beside a distance in pixels, that in the features of a classifier. @param {ReflowSide | null} side @param {number} steps */
  const seen = (side, steps) => (side && side.frechet && side.frechet[steps] ? `Fréchet ${withError(...side.frechet[steps])}` : '');

  /** @param {Reflow} payload */
  function drawDistance(payload) {
    const {before, after, floor, floor_frechet: best} = payload, all = [before, after].filter(Boolean).flatMap(side => Object.values(side.distance)).concat(floor ? [floor] : []);
    const top = Math.max(1e-9, ...all.map(reading => reading[0] + reading[1])), nodes = [];
    for (const steps of [1, 2, 4, 8, 16]) {
      nodes.push(reading(steps === 1 ? '1 step' : `${steps} steps`, 'before', before.distance[steps], top, true, seen(before, steps)));
      nodes.push(reading('', 'after', after && after.distance[steps], top, false, seen(after, steps)));
    }
    if (floor) nodes.push(reading('real', 'floor', floor, top, true, best ? `Fréchet ${withError(...best)}` : ''));
    part('distance').replaceChildren(heading('Distance of samples from data', 'after so many Euler steps; shorter is better'), ...nodes);
  }

  /** @param {Reflow | null} payload */
  function draw(payload) {
    empty.hidden = Boolean(payload && payload.before);
    note.textContent = payload ? payload.phase : '';
    message.textContent = payload && payload.before ? result(payload) : '';
    how.textContent = payload && payload.before ? `S = E∫|dx/dt − (x₁ − x₀)|² dt over ${thousands(payload.n)} paths of ${payload.ode_steps} Euler steps, in squared units of the data`
      + `${payload.after ? ` (in shares of E|x₁ − x₀|²: ${significant(payload.before.relative, 2)} before, ${significant(payload.after.relative, 2)} after)` : ''}. `
      + `Distance: ${payload.unit}, mean ± standard deviation of ${payload.repeats} measurements, each of ${thousands(payload.n)} samples against as many held-out examples; `
      + `before and after from the same noise; “real” is training examples in the place of samples. Trained on ${thousands(payload.pairs)} pairs for ${thousands(payload.training_steps)} steps.` : '';
    if (payload && payload.before && payload.images) how.append(` Fréchet: in the features of ${payload.network}, with its spread; real: held-out images. `, blindness());
    if (!payload || !payload.before) { ['straightness', 'distance'].forEach(name => part(name).replaceChildren()); return; }
    drawStraightness(payload);
    drawDistance(payload);
    element.dataset.drawn = (Number(element.dataset.drawn) || 0) + 1;
  }

  live({element, tab: props.tab, views: ['reflow'], draw, interval: 250});
}
