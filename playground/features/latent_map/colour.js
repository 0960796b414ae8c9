/* What the colour of a dot means. `paint` is {codes, palette} for the dots, and what the legend says: kind 'class' (names,
   that can be switched off) or 'scale' (lo, hi, label, unit). */
import {keeper} from '../../ui/lib/asking.js';
import {visible} from '../../ui/lib/live.js';
import {classColours, isDark, rgb, roleColour, scalePalette} from '../../ui/lib/theme.js';
import {placeFor} from './latents.js';
import {noPixels} from './state.js';

export const SKIP = 255;                                    // the code of a dot that is not drawn
const STEPS = 64;
const MEASURED = {error: {what: 'error', label: 'reconstruction error', unit: 'squared error per pixel'}, kl: {what: 'kl', label: 'KL(q(z|x) ‖ N(0, I))', unit: 'nats'}};

/* Numbers as codes 0..STEPS-1, missing ones as STEPS; the scale ends where 98 % of them do. */
function numbersToCodes(data, n) {
  const finite = Array.from(data).filter(Number.isFinite).sort((a, b) => a - b), pick = share => finite[Math.round(share * (finite.length - 1))];
  const lo = pick(0), hi = pick(0.98) > lo ? pick(0.98) : lo + 1e-9, codes = new Uint8Array(n);
  for (let i = 0; i < n; i++) codes[i] = Number.isFinite(data[i]) ? Math.max(0, Math.min(STEPS - 1, Math.floor((data[i] - lo) / (hi - lo) * STEPS))) : STEPS;
  return {codes, lo, hi, above: finite[finite.length - 1] > hi};
}

/** @param {import('./state.js').MapState} map */
export function makeColours(map, places) {
  const by = map.find('.map-colour'), screenTrained = noPixels();
  let paint = {codes: new Uint8Array(0), palette: [], kind: 'class', names: []}, key = '';
  let hidden = {}, values = {}, trained = null;             // hidden: choice -> codes switched off

  const factorOf = name => ((map.still && map.still.factors) || []).find(factor => `factor:${factor.name}` === name);
  const off = () => (hidden[by.value] = hidden[by.value] || new Set());

  /* The choices that this run offers. */
  function offer() {
    const offered = [['label', 'label'], ['error', 'reconstruction error'], ...(map.isVAE ? [['kl', 'KL']] : []), ['split', 'training or held-out'],
                     ...((map.still && map.still.factors) || []).map(factor => [`factor:${factor.name}`, factor.name])];
    const now = JSON.stringify(offered);
    if (by.dataset.offered === now) return;
    by.dataset.offered = now;
    by.replaceChildren(...offered.map(([value, text]) => new Option(text, value)));
    by.value = (offered.find(([value]) => value === map.chosen.is.colour) || offered[0])[0];
  }

  const kept = (wanted, fetch, take) => keeper({
    key: () => (map.source && visible(map.element) ? wanted() : null),
    fetch,
    done: (answer, subject) => {
      map.say('colour', answer.error);
      if (answer.error) return;
      take(answer, subject);
      map.draw.all();
    },
  });
  const keepValues = kept(() => (MEASURED[by.value] ? [`${map.run}|${by.value}`, map.source.step] : null),
                          () => map.ask('values', {what: MEASURED[by.value].what}),
                          (answer, subject) => { values = {subject, data: answer.values.data}; });
  const keepTrained = kept(() => (by.value === 'split' && map.linear ? [map.run, map.source.step] : null),
                           () => map.ask('encode_train', {n: Math.min(1000, map.source.n)}),
                           answer => { trained = {latent: answer.latent, run: map.run}; });

  /* Training examples as dots of their own, placed by the projection of the held-out ones. */
  function extraDots() {
    if (by.value !== 'split' || !trained || trained.run !== map.run || !map.linear || off().has(0)) return [];
    const [n, d] = trained.latent.shape, {basis, points} = map, place = {x: new Float32Array(n), y: new Float32Array(n), z: new Float32Array(n)};
    if (basis.origin.length !== d) return [];
    for (let i = 0; i < n; i++) {
      const p = placeFor(trained.latent.data.subarray(i * d, (i + 1) * d), basis);
      place.x[i] = p[0];
      place.y[i] = p.length > 1 ? p[1] : points.y[i % points.y.length];
      place.z[i] = p[2] || 0;
    }
    return [{at: places.project(place, screenTrained), codes: new Uint8Array(n), palette: [rgb(roleColour('train'))]}];
  }

  function scalePaint(choice, n, measured) {
    const factor = factorOf(choice), scale = factor ? {label: factor.name, unit: factor.unit || ''} : MEASURED[choice];
    const numbers = factor ? factor.values : measured ? values.data : null;
    const coded = numbers ? numbersToCodes(numbers, n) : {codes: new Uint8Array(n).fill(STEPS), lo: NaN, hi: NaN};
    return {kind: 'scale', ...scale, ...coded, palette: [...scalePalette(STEPS), rgb(roleColour('data'))]};
  }

  function classPaint(choice, n) {
    const held = choice === 'split', names = held ? ['training', 'held-out'] : map.still ? map.still.label_names : [];
    const codes = new Uint8Array(n), palette = held ? ['train', 'held_out'].map(role => rgb(roleColour(role))) : classColours().map(rgb);
    for (let i = 0; i < n; i++) {
      const k = held ? 1 : map.classOf(i);
      codes[i] = off().has(k) ? SKIP : k % palette.length;
    }
    return {kind: 'class', names, codes, palette};
  }

  /* Brings `paint` up to date with the choice, the run and the theme. */
  function take() {
    offer();
    keepValues();
    keepTrained();
    const choice = by.value, n = map.points.x.length, subject = `${map.run}|${choice}`, measured = values.subject === subject;
    const now = JSON.stringify([subject, n, [...off()], isDark(), measured && map.source.step]);
    if (now === key && paint.codes.length === n && !MEASURED[choice]) return;
    key = now;
    paint = MEASURED[choice] || factorOf(choice) ? scalePaint(choice, n, measured) : classPaint(choice, n);
  }

  /* Shows or hides class `k` of `n`; `only`: it alone, or all again. */
  function toggle(k, only, n) {
    const set = off();
    if (only) {
      const alone = set.size === n - 1 && !set.has(k);
      hidden[by.value] = new Set(alone ? [] : Array.from({length: n}, (_, i) => i).filter(i => i !== k));
    } else if (set.has(k)) set.delete(k); else set.add(k);
    map.draw.all();
  }

  by.addEventListener('change', () => { map.chosen.set({colour: by.value === 'label' ? null : by.value}); map.say('colour', ''); if (map.points) map.draw.all(); });

  return {
    take, extraDots, off, toggle,
    get paint() { return paint; },
    get choice() { return by.value; },
    /* The factor that colours, or undefined. */
    get factor() { return factorOf(by.value); },
    forget() { trained = null; values = {}; hidden = {}; },
  };
}
