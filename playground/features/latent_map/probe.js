/* Decoding the place under the pointer, while it is dragged, and on while the model learns. */
import {keeper, newest} from '../../ui/lib/asking.js';
import {current} from '../../ui/lib/bus.js';
import {tile} from '../../ui/lib/canvas.js';
import {visible} from '../../ui/lib/live.js';
import {cssVar} from '../../ui/lib/theme.js';
import {SKIP} from './colour.js';
import {beside} from './hover.js';
import {latentAt, placeFor} from './latents.js';
import {placeText} from './state.js';

const BETWEEN = 9;                                          // images from a dot to the next

/** @param {import('./state.js').MapState} map */
export function makeProbe(map, places, space, colours) {
  const box = map.find('.map-probe'), [image, words] = box.children;
  let between = null;

  /* In space a drag moves in the plane of the screen, through pin A or the middle. */
  const anchor = () => (map.deep ? (map.pins.length ? map.placeOf(map.pins[0]) : space.centre()) : null);

  /* Around pin A where the map shows only a part of z: the rest of z stays that of A. */
  function latent(place) {
    const {basis, pins} = map, a = current(map.topic('latents'));
    const around = pins.length && a && a.run === map.run && a.index === pins[0] && basis && basis.origin.length > map.source.dims && a.z.length === basis.origin.length;
    if (!around) return {z: latentAt(place, basis), note: ''};
    const from = placeFor(a.z, basis);
    return {z: latentAt(place.map((v, k) => v - from[k]), {...basis, origin: Array.from(a.z)}), note: 'around A'};
  }

  /* No way back from the map to z: between the two dots that are nearest to the pointer, as far as the pointer is. */
  async function decodeBetween(place) {
    const {screen, run} = map, {codes} = colours.paint, [x, y] = places.toScreen(place), byDistance = [];
    for (let i = 0; i < screen.x.length; i++) if (codes[i] !== SKIP && screen.x[i] === screen.x[i]) byDistance.push([(screen.x[i] - x) ** 2 + (screen.y[i] - y) ** 2, i]);
    const [first, second] = byDistance.sort((p, q) => p[0] - q[0]).slice(0, 2).map(pair => pair[1]);
    if (second === undefined) return {error: 'There is no neighbour here.'};
    const [a, b] = first < second ? [first, second] : [second, first];
    if (!between || between.a !== a || between.b !== b || between.step !== map.source.step || between.run !== run) {
      const answer = await map.ask('interpolate', {a, b, n: BETWEEN, mode: 'linear'});
      if (answer.error) return answer;
      between = {a, b, run: map.run, step: map.source.step, images: answer.images};
    }
    const dx = screen.x[b] - screen.x[a], dy = screen.y[b] - screen.y[a];
    const share = Math.max(0, Math.min(1, ((x - screen.x[a]) * dx + (y - screen.y[a]) * dy) / (dx * dx + dy * dy || 1)));
    const names = map.nameOf(a) === map.nameOf(b) ? map.nameOf(a) : `${map.nameOf(a)} – ${map.nameOf(b)}`;
    return {images: between.images, at: Math.round(share * (BETWEEN - 1)), note: `between neighbours: ${names}`};
  }

  const decode = newest(async ({place}) => {
    if (!map.source) return;
    const asked = map.linear ? latent(place) : null;
    const answer = asked ? {...await map.ask('decode', {z: [asked.z]}), note: asked.note} : await decodeBetween(place);
    const {probe, body} = map;
    if (!probe) return;
    map.say('probe', answer.error);
    if (answer.error) return;
    tile(image, answer.images, answer.at || 0);
    probe.note = answer.note;
    probe.step = map.source.step;
    body.dataset.decoded = (Number(body.dataset.decoded) || 0) + 1;
    show();
  });

  /* The decoded place stays decoded while the model learns on. */
  const keep = keeper({
    key: () => (map.probe && !map.pressed && visible(map.element) ? [`${map.run}|${map.probe.place}`, map.source.step] : null),
    fetch: async () => { if (map.probe.step !== map.source.step) await decode({place: map.probe.place}); return {}; },
    done: () => {},
  });

  function show() {
    const {probe} = map;
    box.hidden = !probe || probe.step === undefined;
    if (box.hidden) return;
    const [x, y] = places.toScreen(probe.place), at = placeText(probe.place.slice(0, map.source.dims));
    words.textContent = probe.note && !map.linear ? probe.note : `D(z) at ${at}${probe.note ? `, ${probe.note}` : ''}`;
    beside(map, box, x, y, 18);
  }

  function drawCross(context) {
    if (!map.probe) return;
    const [x, y] = places.toScreen(map.probe.place);
    context.strokeStyle = cssVar('--body-text-color');
    context.lineWidth = 1.4;
    context.beginPath();
    context.moveTo(x - 9, y); context.lineTo(x + 9, y); context.moveTo(x, y - 9); context.lineTo(x, y + 9);
    context.stroke();
  }

  function forget() { map.probe = null; box.hidden = true; }

  return {
    keep, show, drawCross, forget,
    decodeAt(x, y) {
      const {probe} = map;
      map.probe = {place: places.toPlace(x, y, anchor()), note: probe && probe.note, step: probe ? probe.step : undefined};
      decode({place: map.probe.place});
      show();
      map.draw.over();
    },
    drop() {
      forget();
      map.say('probe', '');
      map.draw.over();
    },
  };
}
