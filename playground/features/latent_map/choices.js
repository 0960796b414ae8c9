/* The choices above the map: the projection, what a drag does, what is laid over the dots. */
import {layoutOf, METHODS, NONLINEAR, sized, wish} from './chosen.js';

/** @param {import('../../ui/lib/payloads.d.ts').LatentMap} payload */
const offered = payload => payload.choices || {};
const key = ({method, dims, perplexity, seed}) => JSON.stringify([method, dims, perplexity, seed]);
const press = (button, down) => button.setAttribute('aria-pressed', String(down));
const bounded = node => Math.max(Number(node.min), Math.min(Number(node.max), Math.round(Number(node.value)) || 0));

/* Which method, in how many dimensions; a server that draws it. */
/** @param {import('./state.js').MapState} map */
export function makeProjection(map, server) {
  const [method, dims, perplexity, seed] = ['method', 'dims', 'perplexity', 'seed'].map(name => map.find(`.map-${name}`));
  let wanted = null;                                         // what was asked for and has not come yet
  let laid = null;                                           // how the map of this run was laid out last

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

  function choose() {
    if (!map.source) return;
    [perplexity, seed].forEach(node => { node.value = bounded(node); });
    ask({method: method.value, dims: sized(offered(map.source)[method.value] || [2], Number(dims.value)), perplexity: Number(perplexity.value), seed: Number(seed.value)});
  }
  async function ask(settings) {
    const asked = map.run;
    wanted = settings;
    map.say('refused', '');
    draw(map.source);
    let answer;
    try { answer = await server.project([asked, settings]); } catch { answer = null; }
    if (map.run !== asked) return;
    if (!answer || answer.error) {
      wanted = null;
      map.say('refused', answer ? answer.error : 'The server did not answer. Please try again.');
    }
    draw(map.source);
  }
  [method, dims, perplexity, seed].forEach(node => node.addEventListener('change', choose));

  /* A run that is new here is laid out as chosen, by who may; later the address says how it is laid out. */
  function settle(payload, frame) {
    const first = laid === null, changed = laid !== key(payload) && !payload.pending;
    if (first || changed) laid = key(payload);
    const asked = first && frame.steers && !frame.kept && wish(map.chosen.is, payload);
    if (asked) ask(asked);
    else if (!first && changed) map.chosen.set({layout: null, dims: null, perplexity: null, seed: null, ...layoutOf(payload)});
  }

  return {draw, settle, forget() { wanted = laid = null; }};
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
    map.chosen.set({drag: on ? 'decodes' : 'moves'});
    if (!on) probe.drop();
    if (map.source && map.points) { places.take(map.source); map.draw.all(); }
    words();
  }
  move.addEventListener('click', () => set(false));
  decode.addEventListener('click', () => set(true));
  words();
  return {words};
}

/* What is laid over the dots; `holes` and `ellipses` know whether they fit the map. */
/** @param {import('./state.js').MapState} map */
export function makeOverlays(map, colours, holes, ellipses) {
  ['holes', 'ellipses', 'prior'].forEach(name => {
    const button = map.find(`.map-${name}`);
    if (!button) return;
    press(button, map.on[name]);
    button.addEventListener('click', () => {
      map.on[name] = !map.on[name];
      press(button, map.on[name]);
      map.chosen.set({[name]: map.on[name] === (name === 'prior') ? null : map.on[name] ? 'on' : 'off'});
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
