/* Pinned points. Questions (playground/questions): point, neighbours, interpolate; again once a second while the model
   learns on. Topics of this tab: hears `pins` {run, pins: [indices]}; tells `near`, `paths`, `latents`, `unpin`. */
import {asker, keeper} from '../../ui/lib/asking.js';
import {hear, subscribe, tell} from '../../ui/lib/bus.js';
import {thumbnail, tile} from '../../ui/lib/canvas.js';
import {decode} from '../../ui/lib/codec.js';
import {digits, fixed, stepText} from '../../ui/lib/format.js';
import {wordsFor} from '../../ui/lib/own_data.js';
import {html} from '../../ui/lib/svg.js';

export function mount({element, props, server}) {
  const $ = selector => element.querySelector(selector);
  const ask = asker(server, props.tab), topic = name => `${props.tab}/${name}`;
  const hint = $('.pinned-hint'), points = $('.pinned-points'), strips = $('.pinned-strips'), error = $('.pinned-error'), stepLabel = $('.pg-step');
  const K = 8, MODES = props.tab === 'vae' ? ['linear', 'spherical'] : ['linear'];

  let pins = [], run = null, frame = null, still = null, sheet = null, found = {}, errors = new Map();

  /* Also while this card is scrolled away: the map shows neighbours and the path. */
  const inUse = () => element.isConnected && element.offsetParent !== null && !document.hidden;
  const step = () => (frame && frame.views.map ? frame.views.map.step : -1);

  const labelOf = i => (still ? still.label_names[still.labels[i]] || `class ${still.labels[i]}` : `${words().example} ${i + 1}`);
  const words = () => wordsFor(frame && frame.config && frame.config.dataset);

  function complain(kind, sentence) {
    if (sentence) errors.set(kind, sentence); else errors.delete(kind);
    error.textContent = [...new Set(errors.values())].join(' ');
  }

  /* --- asking ------------------------------------------------------------------------------------------------------------ */
  const wantedPin = k => () => (pins[k] !== undefined && inUse() ? [`${run}|${pins[k]}`, step()] : null);

  const keepPins = [0, 1].map(k => keeper({
    key: wantedPin(k),
    fetch: async () => {
      const index = pins[k], [point, near] = await Promise.all([ask('point', {index}), ask('neighbours', {index, k: K})]);
      return point.error || near.error ? {error: point.error || near.error} : {index, point, near};
    },
    done: answer => {
      complain(`pin${k}`, answer.error);
      if (answer.error) return;
      found[answer.index] = answer;
      if (k === 0) tell(topic('latents'), {run, index: answer.index, z: answer.point.latent.data});
      tellNear();
      draw();
    },
  }));

  const keepPath = keeper({
    key: () => (pins.length === 2 && inUse() ? [`${run}|${pins}`, step()] : null),
    fetch: async () => {
      const [a, b] = pins, answers = await Promise.all(MODES.map(mode => ask('interpolate', {a, b, n: 11, mode})));
      const failed = answers.find(answer => answer.error);
      return failed ? {error: failed.error} : {of: String(pins), paths: Object.fromEntries(MODES.map((mode, m) => [mode, answers[m]]))};
    },
    done: answer => {
      complain('path', answer.error);
      if (answer.error) return;
      found.path = answer;
      tell(topic('paths'), {run, ...Object.fromEntries(MODES.map(mode => [mode, answer.paths[mode].path]))});
      drawStrips();
    },
  });

  function tellNear() {
    const indices = pins.flatMap(i => (found[i] ? Array.from(found[i].near.indices.data) : []));
    tell(topic('near'), {run, indices});
  }

  /* The nodes of a pin, made once: pictures change, nothing jumps. */
  function pinNode(k) {
    while (points.children.length <= k) {
      const remove = html('button', 'pg-small pinned-remove', 'unpin'), letter = html('b', 'pinned-letter', 'AB'[points.children.length]), exact = html('button', 'pg-small pinned-exact', 'its exact log p(x)');
      const at = points.children.length, near = html('div', 'pinned-near');
      remove.type = exact.type = 'button';
      exact.dataset.bench = 'Bound and gap';
      remove.addEventListener('click', () => { tell(topic('unpin'), at); tell(topic('unpin'), null); });
      for (let j = 0; j < K; j++) near.append(html('figure', '', document.createElement('canvas'), html('figcaption', '')));
      const figures = ['image', 'reconstruction'].map(name => html('figure', 'pinned-large', document.createElement('canvas'), html('figcaption', '', name)));
      points.append(html('div', 'pinned-point', html('div', 'pinned-head', letter, html('span', 'pinned-name'), exact, remove),
                         html('div', 'pinned-pair', ...figures, html('div', 'pinned-facts')), html('div', 'pinned-caption', 'nearest in latent space, with their distance'), near));
    }
    return points.children[k];
  }

  function draw() {
    const any = pins.length > 0;
    hint.hidden = any;
    points.hidden = !any;
    strips.hidden = pins.length < 2;
    [...points.children].forEach((child, k) => { child.hidden = k >= pins.length; });
    stepLabel.textContent = any && step() >= 0 ? stepText({step: step()}) : '';
    pins.forEach((i, k) => {
      const root = pinNode(k), answer = found[i], [image, made] = root.querySelectorAll('.pinned-large canvas');
      root.hidden = false;
      root.querySelector('.pinned-exact').hidden = props.tab !== 'vae' || k + 1 < pins.length;   // the bench is about the last pin
      root.querySelector('.pinned-name').textContent = `${labelOf(i)}, held-out ${words().example} ${i + 1}`;
      root.querySelector('.pinned-large figcaption').textContent = words().example;
      if (!answer) { thumbnail(image, sheet, still, i); root.querySelector('.pinned-facts').textContent = 'asking the model…'; return; }
      tile(image, answer.point.original);
      tile(made, answer.point.reconstruction);
      const facts = [[`squared error per ${words().number}`, digits(answer.point.mse)], ...(answer.point.kl == null ? [] : [['KL, nats', digits(answer.point.kl)]]), ['z', numbers(answer.point)]];
      root.querySelector('.pinned-facts').replaceChildren(...facts.flatMap(([name, value]) => [html('span', '', name), html('b', '', value)]));
      const {indices, distances} = answer.near;
      root.querySelectorAll('.pinned-near figure').forEach((figure, j) => {
        figure.hidden = j >= indices.data.length;
        if (figure.hidden) return;
        thumbnail(figure.firstChild, sheet, still, indices.data[j]);
        figure.lastChild.textContent = digits(distances.data[j]);
        figure.title = labelOf(indices.data[j]);
      });
    });
  }

  /* The code, and for a VAE its standard deviation: "(0.31 ± 0.05, −1.2 ± 0.04)"; the first four of many. */
  function numbers(point) {
    const z = Array.from(point.latent.data), std = point.std ? Array.from(point.std.data) : null;
    const shown = z.slice(0, 4).map((v, j) => fixed(v) + (std ? ` ± ${fixed(std[j])}` : ''));
    return `(${shown.join(', ')}${z.length > 4 ? `, … ${z.length} numbers` : ''})`;
  }

  function drawStrips() {
    const {path} = found;
    if (!path || path.of !== String(pins)) { strips.querySelectorAll('canvas').forEach(canvas => canvas.getContext('2d').clearRect(0, 0, canvas.width, canvas.height)); return; }
    MODES.forEach((mode, m) => {
      while (strips.children.length <= m) strips.append(html('div', 'pinned-strip', html('span', ''), html('div', 'pinned-tiles')));
      const [label, tiles] = strips.children[m].children, {images} = path.paths[mode], n = images.shape[0];
      label.textContent = mode === 'linear' ? 'A to B, straight' : 'A to B, on an arc';
      label.title = mode === 'linear' ? 'z = (1 − t) A + t B' : 'Spherical interpolation: turns from A to B about the origin, which keeps the distance from it';
      while (tiles.children.length < n) tiles.append(document.createElement('canvas'));
      for (let i = 0; i < n; i++) tile(tiles.children[i], images, i);
    });
  }

  /* --- following -------------------------------------------------------------------------------------------------------------- */
  function poke() { keepPins.forEach(keep => keep()); keepPath(); }

  function takeStatic(fixed) {
    if (!fixed || (still && still.from === fixed)) return;
    still = {...fixed, from: fixed, labels: decode.u8(fixed.labels)};
    sheet = new Image();
    sheet.onload = draw;
    if (fixed.sheet) sheet.src = fixed.sheet;
  }

  const leave = subscribe(props.tab, newest => {
    frame = newest;
    if (newest && !element.isConnected) { setTimeout(() => { if (!element.isConnected) leave(); }, 5000); return; }
    takeStatic(newest && newest.views.map_static);
    if (pins.length && inUse()) poke();
  });

  hear(topic('pins'), element, news => {
    if (!news || news.run !== run) { found = {}; errors.clear(); complain('', ''); }
    run = news ? news.run : null;
    pins = news ? news.pins : [];
    if (pins.length) tellNear();
    draw();
    drawStrips();
    poke();
  });
}
