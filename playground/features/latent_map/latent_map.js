/* The latent map: one dot an image. Its parts are put together here, and told when a frame comes. Payloads `map` and `map_static`:
   playground/views/positions.py. */
import {hear} from '../../ui/lib/bus.js';
import {decode} from '../../ui/lib/codec.js';
import {stepText} from '../../ui/lib/format.js';
import {latest, live} from '../../ui/lib/live.js';
import {makeAxes} from './axes.js';
import {makeDrag, makeOverlays, makeProjection} from './choices.js';
import {METHODS, NONLINEAR} from './chosen.js';
import {makeColours} from './colour.js';
import {makeDots} from './dots.js';
import {makeEllipses, makePrior} from './gaussians.js';
import {makeHoles} from './holes.js';
import {makeHover} from './hover.js';
import {makeLegend} from './legend.js';
import {makePins} from './pins.js';
import {makePlaces} from './places.js';
import {makeProbe} from './probe.js';
import {makeSaving} from './save.js';
import {makeSpace} from './space.js';
import {MapState, shownAs, shownStep} from './state.js';
import {touch} from './touch.js';
import {drawTruth} from './truth.js';

const LONG = 26;                                             // letters: a longer title stands below the map, where there is room

/** @typedef {import('../../ui/lib/payloads.d.ts').LatentMap} LatentMap */
/** @typedef {import('../../ui/lib/payloads.d.ts').LatentMapStatic} LatentMapStatic */

/** What stays for a whole run, decoded. @param {MapState} map @param {LatentMapStatic | null} payload */
function takeStatic(map, payload) {
  if (map.still && map.still.from === payload) return;
  map.still = map.sheet = null;
  if (!payload) return;
  const factors = (payload.factors || []).map(factor => ({...factor, values: decode.f32(factor.values)}));
  map.still = {...payload, from: payload, factors, labels: decode.u8(payload.labels)};
  if (payload.sheet) map.sheet = Object.assign(new Image(), {src: payload.sheet, onload: map.draw.overSoon});
}

export function mount({element, props, server}) {
  const map = new MapState({element, props, server}), axes = makeAxes(map), space = makeSpace(map), places = makePlaces(map, axes, space);
  const colours = makeColours(map, places), dots = makeDots(map, places, space, colours);
  const holes = makeHoles(map, places), ellipses = makeEllipses(map, places, colours), prior = makePrior(map, places);
  const legend = makeLegend(map, colours, holes, prior), pins = makePins(map, places), hover = makeHover(map, places, colours);
  const probe = makeProbe(map, places, space, colours), projection = makeProjection(map, server);
  const drag = makeDrag(map, places, probe), overlays = makeOverlays(map, colours, holes, ellipses), saving = makeSaving(map, axes, colours, legend);
  const empty = map.find('.pg-empty'), note = map.find('.pg-note'), stepLabel = map.find('.pg-step'), reset = map.find('.map-reset');

  function drawUnder() {
    const context = places.clipped(map.layers.under);
    if (map.deep) space.drawBox(context);
    [holes, prior, ellipses].forEach(part => part.draw(context));
    context.restore();
  }

  function drawOver() {
    if (!map.ready) return;
    const context = places.clipped(map.layers.over);
    drawTruth(context, map, places);
    pins.draw(context);
    probe.drawCross(context);
    hover.draw(context);
    context.restore();
  }

  function drawAll() {
    if (!map.ready) return;
    if (map.deep) places.take(map.source);
    colours.take();
    dots.draw();
    drawUnder();
    drawOver();
    legend.draw();
    overlays.words();
    probe.show();
    probe.keep();
  }

  /* Another run, or none: nothing that was touched is left. */
  function forget() {
    if (map.run === null) return;
    map.pointer = map.run = map.source = map.points = null;
    [holes, ellipses, colours, hover, projection].forEach(part => part.forget());
    map.sayNothing();
    probe.forget();
    pins.forget();
  }

  /** @param {LatentMap | null} payload @param {boolean} any */
  function head(payload, any) {
    [reset, ...saving.buttons].forEach(node => { node.disabled = !any; });
    stepLabel.textContent = any ? (NONLINEAR.includes(shownAs(payload)) ? `${METHODS[shownAs(payload)]} of ` : '') + stepText(shownStep(payload)) : '';
    const long = any && payload.title.length > LONG;
    note.textContent = any && !long ? payload.title : '';
    map.say('address', map.chosen.refused);
    if (any) map.say('title', long ? `${payload.title}.` : '');
  }

  /** @param {LatentMap | null} payload */
  function draw(payload, frame, why, payloads) {
    const any = Boolean(payload && payload.n);
    head(payload, any);
    if (!any) empty.hidden = false;
    if (!any || frame.run !== map.run) forget();
    if (!any) return;
    map.run = frame.run;
    takeStatic(map, payloads[1]);
    if (payload !== map.source) { map.source = payload; map.points = decode.q16(payload.points, payload.lo, payload.hi, map.deep ? 3 : 2); }
    projection.settle(payload, frame);
    projection.draw(payload);
    places.take(payload);
    empty.hidden = map.ready;
    if (!map.ready) return;                                  // Plotly is on its way
    drawAll();
    drag.words();
    pins.words();
    map.layers.dots.setAttribute('aria-label', `${payload.n} dots, ${payload.title}, ${stepText(payload)}`);
    map.body.dataset.drawn = (Number(map.body.dataset.drawn) || 0) + 1;
  }

  map.draw = {all: drawAll, over: drawOver, allSoon: latest(drawAll), overSoon: latest(drawOver), frame: () => view.redraw()};
  map.back = () => { map.resets += 1; space.reset(); view.redraw(); };
  touch(map, {places, space, probe, hover, pins});
  const view = live({element, tab: props.tab, views: [props.view, `${props.view}_static`], draw});
  ['near', 'paths', 'truth', 'guest'].forEach(name => hear(map.topic(name), element, map.draw.overSoon));
  hear(map.topic('unpin'), element, k => { if (k !== null) pins.set(map.pins.filter((_, j) => j !== k)); });
  reset.addEventListener('click', map.back);
}
