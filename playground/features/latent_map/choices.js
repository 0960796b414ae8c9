/* The choices above the map: the projection, what a drag does, what is laid over the dots. */
import {METHODS, NONLINEAR} from './state.js';

/** @param {import('../../ui/lib/payloads.d.ts').LatentMap} payload */
const offered = payload => payload.choices || {};
const press = (button, down) => button.setAttribute('aria-pressed', String(down));
const bounded = node => Math.max(Number(node.min), Math.min(Number(node.max), Math.round(Number(node.value)) || 0));

/* Which method, in how many dimensions; a server that draws it. */
/** @param {import('./state.js').MapState} map */
export function makeProjection(map, server) {
  const [method, dims, perplexity, seed] = ['method', 'dims', 'perplexity', 'seed'].map(name => map.find(`.map-${name}`));
  let wanted = null;                                         // what was asked for and has not come yet

  /** @param {import('../../ui/lib/payloads.d.ts').LatentMap} payload */
  function draw(payload) {
    const methods = offered(payload), now = JSON.stringify(methods);
    if (method.dataset.offered !== now) {
      method.dataset.offered = now;
      method.replaceChildren(...Object.keys(methods).map(name => new Option(METHODS[name] || name, name)));
    }
    if (wanted && wanted.method === payload.method) wanted = null;
    const shown = wanted || payload, sizes = methods[shown.method] || [payload.dims];
    if (document.activeElement !== method) method.value = shown.method || 'raw';
    dims.parentElement.hidden = sizes.length < 2;
    if (document.activeElement !== dims) dims.value = String(wanted ? wanted.dims : payload.dims);
    map.find('.map-bar').querySelectorAll('.map-neighbour-settings').forEach(node => { node.hidden = !NONLINEAR.includes(shown.method); });
    for (const [node, name] of [[perplexity, 'perplexity'], [seed, 'seed']]) {
      if (!wanted && payload[name] !== undefined && document.activeElement !== node) node.value = payload[name];
    }
  }

  async function choose() {
    if (!map.source) return;
    const name = method.value, sizes = offered(map.source)[name] || [2];
    const size = sizes.includes(Number(dims.value)) ? Number(dims.value) : sizes.includes(2) ? 2 : sizes[0];
    wanted = {method: name, dims: size};
    map.say('refused', '');
    draw(map.source);
    const asked = map.run;
    [perplexity, seed].forEach(node => { node.value = bounded(node); });
    let answer;
    try { answer = await server.project([asked, {method: name, dims: size, perplexity: Number(perplexity.value), seed: Number(seed.value)}]); } catch { answer = null; }
    if (map.run !== asked) return;
    if (!answer || answer.error) {
      wanted = null;
      map.say('refused', answer ? answer.error : 'The server did not answer. Please try again.');
    }
    draw(map.source);
  }
  [method, dims, perplexity, seed].forEach(node => node.addEventListener('change', choose));

  return {draw, forget() { wanted = null; }};
}

/* A drag moves the map or decodes. */
/** @param {import('./state.js').MapState} map */
export function makeDrag(map, places, probe) {
  const move = map.find('.map-move'), decode = map.find('.map-decode');
  function words() {
    press(move, !map.decodes);
    press(decode, map.decodes);
    map.body.classList.toggle('map-decoding', map.decodes);
    map.say('decode', map.decodes && map.source && !map.linear ? `${map.methodName} has no inverse: dragging moves between neighbours instead.` : '');
  }

  function set(on) {
    map.on.decode = on;
    if (!on) probe.drop();
    if (map.source && map.points) { places.take(map.source); map.draw.all(); }
    words();
  }
  move.addEventListener('click', () => set(false));
  decode.addEventListener('click', () => set(true));
  return {words};
}

/* What is laid over the dots; `holes` and `ellipses` know whether they fit the map. */
/** @param {import('./state.js').MapState} map */
export function makeOverlays(map, colours, holes, ellipses) {
  ['holes', 'ellipses', 'prior'].forEach(name => {
    const button = map.find(`.map-${name}`);
    if (!button) return;
    button.addEventListener('click', () => {
      map.on[name] = !map.on[name];
      press(button, map.on[name]);
      if (!map.on[name]) map.say(name, '');
      if (map.points) map.draw.all();
    });
  });

  return {
    /* What an overlay needs and this map has not, in words. */
    words() {
      const flat = 'needs a flat map of raw axes or PCA';
      map.say('holes?', map.on.holes && !holes.fits() ? `The shading of holes ${flat}.` : '');
      map.say('ellipses?', map.on.ellipses && !ellipses.fit() ? `The ellipses ${flat.replace('needs', 'need')}.` : '');
      map.say('split?', colours.choice === 'split' && !map.linear ? `${map.methodName} places no new points, so no training images are shown.` : '');
    },
  };
}
