/* This piece: what the colour of a dot means, and the legend. `paint` is {codes, palette} for the dots, and what the legend
   says: kind 'class' (names, that can be switched off) or 'scale' (lo, hi, label, unit). */
const STEPS = 64, colourBy = $('.map-colour');
const MEASURED = {error: {what: 'error', label: 'reconstruction error', unit: 'squared error per pixel'}, kl: {what: 'kl', label: 'KL(q(z|x) ‖ N(0, I))', unit: 'nats'}};
let paint = {codes: new Uint8Array(0), palette: [], kind: 'class', names: []}, paintKey = '';
let hidden = {}, values = {}, trained = null;             // hidden: choice -> codes switched off
const screenTrained = {x: new Float32Array(0), y: new Float32Array(0), depth: null};

const classOf = i => (still && i < still.labels.length ? still.labels[i] : 0);
const nameOf = i => (still ? still.label_names[classOf(i)] || `class ${classOf(i)}` : `image ${i + 1}`);
const factorOf = name => ((still && still.factors) || []).find(factor => `factor:${factor.name}` === name);
const off = () => (hidden[colourBy.value] = hidden[colourBy.value] || new Set());

/* The choices that this run offers. */
function offerColours() {
  const offered = [['label', 'label'], ['error', 'reconstruction error'], ...(isVAE ? [['kl', 'KL']] : []), ['split', 'training or held-out'],
                   ...((still && still.factors) || []).map(factor => [`factor:${factor.name}`, factor.name])];
  const now = JSON.stringify(offered);
  if (colourBy.dataset.offered === now) return;
  const chosen = colourBy.value;
  colourBy.dataset.offered = now;
  colourBy.replaceChildren(...offered.map(([value, text]) => new Option(text, value)));
  colourBy.value = offered.some(([value]) => value === chosen) ? chosen : 'label';
}

const keepValues = as.keeper({
  key: () => (source && MEASURED[colourBy.value] && pg.visible(element) ? [`${run}|${colourBy.value}`, source.step] : null),
  fetch: () => ask('values', {what: MEASURED[colourBy.value].what}),
  done: (answer, subject) => {
    say('colour', answer.error);
    if (answer.error) return;
    values = {subject, data: answer.values.data};
    drawAll();
  },
});

const keepTrained = as.keeper({
  key: () => (source && colourBy.value === 'split' && linear() && pg.visible(element) ? [run, source.step] : null),
  fetch: () => ask('encode_train', {n: Math.min(1000, source.n)}),
  done: answer => {
    say('colour', answer.error);
    if (answer.error) return;
    trained = {latent: answer.latent, run};
    drawAll();
  },
});

/* Training examples as dots of their own, placed by the projection of the held-out ones. */
function extraDots() {
  if (colourBy.value !== 'split' || !trained || trained.run !== run || !linear() || off().has(0)) return [];
  const [n, d] = trained.latent.shape, joined = basis(), place = {x: new Float32Array(n), y: new Float32Array(n), z: new Float32Array(n)};
  if (joined.origin.length !== d) return [];
  for (let i = 0; i < n; i++) {
    const p = placeFor(trained.latent.data.subarray(i * d, (i + 1) * d), joined);
    place.x[i] = p[0];
    place.y[i] = p.length > 1 ? p[1] : points.y[i % points.y.length];
    place.z[i] = p[2] || 0;
  }
  return [{at: project(place, screenTrained), codes: new Uint8Array(n), palette: [as.rgb(pg.roleColour('train'))]}];
}

function numbersToCodes(data, n) {
  const finite = Array.from(data).filter(Number.isFinite).sort((a, b) => a - b), pick = share => finite[Math.round(share * (finite.length - 1))];
  const lo = pick(0), hi = pick(0.98) > lo ? pick(0.98) : lo + 1e-9, codes = new Uint8Array(n);
  for (let i = 0; i < n; i++) codes[i] = Number.isFinite(data[i]) ? Math.max(0, Math.min(STEPS - 1, Math.floor((data[i] - lo) / (hi - lo) * STEPS))) : STEPS;
  return {codes, lo, hi, above: finite[finite.length - 1] > hi};
}

/* Brings `paint` up to date with the choice, the run and the theme. */
function takeColours() {
  offerColours();
  keepValues();
  keepTrained();
  const choice = colourBy.value, n = points.x.length, subject = `${run}|${choice}`;
  const now = JSON.stringify([subject, n, [...off()], pg.isDark(), values.subject === subject && source.step]);
  if (now === paintKey && paint.codes.length === n && !MEASURED[choice]) return;
  paintKey = now;
  const classes = () => pg.classColours().map(as.rgb), grey = as.rgb(pg.roleColour('data'));
  const factor = factorOf(choice), numbers = factor ? factor.values : MEASURED[choice] && values.subject === subject ? values.data : null;
  const scale = factor ? {label: factor.name, unit: factor.unit || ''} : MEASURED[choice];
  if (scale) {
    const coded = numbers ? numbersToCodes(numbers, n) : {codes: new Uint8Array(n).fill(STEPS), lo: NaN, hi: NaN};
    paint = {kind: 'scale', ...scale, ...coded, palette: [...as.scalePalette(STEPS), grey]};
    return;
  }
  const held = choice === 'split', names = held ? ['training', 'held-out'] : still ? still.label_names : [];
  const codes = new Uint8Array(n), palette = held ? ['train', 'held_out'].map(role => as.rgb(pg.roleColour(role))) : classes();
  for (let i = 0; i < n; i++) {
    const k = held ? 1 : classOf(i);
    codes[i] = off().has(k) ? SKIP : k % palette.length;
  }
  paint = {kind: 'class', names, codes, palette};
}

/* --- legend ---------------------------------------------------------------------------------------------------------------- */
function chip(name, colour, k, n) {
  const button = document.createElement('button'), dot = document.createElement('i');
  button.type = 'button';
  button.title = 'Hide or show; with Shift: only this one';
  button.setAttribute('aria-pressed', String(!off().has(k)));
  dot.style.background = `rgb(${colour})`;
  button.append(dot, name);
  button.addEventListener('click', event => toggle(k, event.shiftKey, n));
  return button;
}

/* A bar from one number to another, with its meaning. */
function scaleBar(label, unit, lo, hi, gradient, above) {
  const node = document.createElement('span'), bar = document.createElement('i'), range = document.createElement('b');
  node.className = 'map-scale';
  bar.style.background = gradient;
  range.append(as.digits(Math.abs(lo) < 1e-3 * (hi - lo) ? 0 : lo), bar, `${above ? '≥ ' : ''}${as.digits(hi)}`);
  node.append(label, range, unit);
  return node;
}

/* The unit of the shading, and how large the holes are where codes usually lie. */
const holesWords = () => `std of the codes${holes.typical == null ? '' : `; ${holes.typical.toFixed(3)} ± ${(holes.error || 0).toFixed(3)} on average where a Gaussian fitted to the codes draws`}`;

function drawLegend(payload) {
  const rings = isVAE && on.prior && ringsShown(), shade = on.holes && holes && holesFit() ? holesWords() : '';
  const scale = paint.kind === 'scale' ? [paint.label, as.digits(paint.lo), as.digits(paint.hi)] : [];
  const now = JSON.stringify([colourBy.value, paint.names, [...off()], scale, rings, shade, pg.isDark()]);
  if (legend.dataset.key === now) return;
  legend.dataset.key = now;
  const focused = [...legend.children].indexOf(document.activeElement);
  const nodes = paint.kind === 'scale'
    ? [scaleBar(paint.label, paint.unit, paint.lo, paint.hi, as.scaleGradient(), paint.above)]
    : (paint.names || []).map((name, k) => chip(name, paint.palette[k % paint.palette.length], k, paint.names.length));
  if (rings) {
    const ring = document.createElement('span'), line = document.createElement('i');
    line.className = 'map-dashes';
    ring.append(line, 'prior N(0, I): 1, 2, 3 σ');
    nodes.push(ring);
  }
  if (shade) nodes.push(scaleBar('|E(D(z)) − z|', shade, 0, REDDEST, `linear-gradient(90deg, transparent, ${pg.roleColour('error')})`, true));
  legend.replaceChildren(...nodes);
  if (focused >= 0 && legend.children[focused]) legend.children[focused].focus();
}

function toggle(k, only, n) {
  const set = off();
  if (only) {
    const alone = set.size === n - 1 && !set.has(k);
    hidden[colourBy.value] = new Set(alone ? [] : Array.from({length: n}, (_, i) => i).filter(i => i !== k));
  } else if (set.has(k)) set.delete(k); else set.add(k);
  drawAll();
}
